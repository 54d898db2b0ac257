using System.Security.Cryptography;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Storage;

/// <summary>This site's signed document on disk: the truth about what is in the catalog. Not thread-safe.</summary>
internal sealed class SiteCatalogFile(string path, string site, SigningKey key)
{
    private long _seq;
    private Sha256Digest? _last;

    /// <summary>The entries of the document; none if there is no document yet.</summary>
    /// <param name="expected">There was one.</param>
    /// <exception cref="SiteStartException">It is not there although it was, cannot be read, or is not signed by this site's key.</exception>
    public IReadOnlyList<Entry> Load(bool expected)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (FileNotFoundException) when (expected)
        {
            throw new SiteStartException(
                "catalog-missing",
                $"{path} is gone, and with it what is in the catalog. Put it back from a backup. To begin with an empty catalog instead, "
                + "move isocatalog.db away and add the images again.");
        }
        catch (FileNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SiteStartException("catalog-unreadable", $"{path}: {e.Message} Make it readable for the user that runs the site.", e);
        }

        if (!SiteDocument.TryOpen(bytes, key.Public, site, out var document, out var hash, out var error))
        {
            throw new SiteStartException(
                "catalog-invalid", $"{path} is not this site's signed catalog. {error} Put back the file, or the key that signed it, from a backup.");
        }

        _seq = document.Seq;
        _last = hash;
        return document.Entries;
    }

    /// <summary>Signs and writes the whole document; durable when it returns.</summary>
    /// <exception cref="IOException">Nothing was changed.</exception>
    public void Write(IEnumerable<Entry> entries, DateTimeOffset now)
    {
        var payload = new SiteDocument { Site = site, Seq = _seq + 1, Prev = _last, Issued = now, Entries = [.. entries] }.ToPayload();
        DurableFile.WriteAtomically(path, key.Sign(SiteDocument.PayloadType, payload).ToJson(), (UnixFileMode)0b110_100_100);
        _seq++;
        _last = new Sha256Digest(SHA256.HashData(payload));
    }
}
