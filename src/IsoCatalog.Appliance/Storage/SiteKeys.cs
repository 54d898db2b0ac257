using System.Security.Cryptography;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;

namespace IsoCatalog.Appliance.Storage;

/// <summary>What only this site may know: the key that signs its document, and the secret that its standing URLs are made from.</summary>
internal sealed class SiteKeys : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private SiteKeys(SigningKey signing, byte[] urlSecret) => (Signing, UrlSecret) = (signing, urlSecret);

    public SigningKey Signing { get; }

    public ReadOnlyMemory<byte> UrlSecret { get; }

    public static bool Exist(SiteFolders folders) => File.Exists(folders.SigningKey);

    /// <summary>Makes both. Never replaces a key that is there.</summary>
    public static void Generate(SiteFolders folders)
    {
        if (!File.Exists(folders.SigningKey))
        {
            using var key = SigningKey.Generate();
            DurableFile.WriteAtomically(folders.SigningKey, System.Text.Encoding.ASCII.GetBytes(key.ExportPem()), OwnerOnly);
        }

        if (!File.Exists(folders.UrlSecret))
        {
            DurableFile.WriteAtomically(folders.UrlSecret, RandomNumberGenerator.GetBytes(BmcToken.SecretLength), OwnerOnly);
        }
    }

    /// <exception cref="SiteStartException">A file is missing, cannot be read, may be read by others, or is not what it should be.</exception>
    public static SiteKeys Load(SiteFolders folders)
    {
        if (!File.Exists(folders.SigningKey) && !Directory.Exists(folders.Catalog))
        {
            throw new SiteStartException(
                "not-initialised", $"{folders.Data} holds no site yet: {folders.SigningKey} is missing. Make one with 'isocatalog init'.");
        }

        var pem = System.Text.Encoding.ASCII.GetString(Read(folders.SigningKey));
        var secret = Read(folders.UrlSecret);
        if (secret.Length != BmcToken.SecretLength)
        {
            throw new SiteStartException(
                "key-invalid",
                $"{folders.UrlSecret} has {secret.Length} bytes instead of {BmcToken.SecretLength}. Put it back from a backup; a new one (delete it and "
                + "run 'isocatalog init') changes every standing BMC URL.");
        }

        try
        {
            return new SiteKeys(SigningKey.FromPem(pem), secret);
        }
        catch (CryptographicException e)
        {
            throw new SiteStartException("key-invalid", $"{folders.SigningKey} is not a usable signing key: {e.Message}. Put it back from a backup.", e);
        }
    }

    public void Dispose() => Signing.Dispose();

    private static byte[] Read(string path)
    {
        try
        {
            var mode = File.GetUnixFileMode(path);
            if ((mode & ~OwnerOnly) != UnixFileMode.None)
            {
                throw new SiteStartException(
                    "key-mode",
                    $"{path} has the mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}: others than its owner may use it. Run 'chmod 600 {path}', "
                    + "and make a new key if somebody may have read it.");
            }

            return File.ReadAllBytes(path);
        }
        catch (FileNotFoundException e)
        {
            throw new SiteStartException("key-missing", $"{path} is missing. Put it back from a backup.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SiteStartException(
                "key-unreadable", $"{path} cannot be read: {e.Message} It must belong to the user that runs the site, with mode 0600.", e);
        }
    }
}
