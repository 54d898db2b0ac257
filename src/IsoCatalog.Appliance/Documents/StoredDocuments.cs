using System.Collections.Immutable;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Documents;

/// <summary>The catalog as its files have it at a start. Damage to an own document stops the start; another site's is dropped, and fetched again.</summary>
/// <param name="reference">The clock that tells what is from the future.</param>
internal sealed class StoredDocuments(string site, SiteFolders folders, DocumentFiles files, DateTimeOffset reference, EventLog events, ILogger log)
{
    private FleetCatalog _catalog = null!;

    /// <param name="written">This site has signed a document, so one must be there.</param>
    /// <exception cref="SiteStartException">An own document cannot be used.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public FleetCatalog Load(TrustChain trust, bool written)
    {
        _catalog = new FleetCatalog { Trust = trust, Self = site };
        files.Clean();
        var own = files.DocumentsOf(site).ToList();
        own.ForEach(LoadOwn);
        if (written && own.Count == 0 && IsActive)
        {
            throw new SiteStartException(
                "catalog-missing",
                $"This site's signed documents are gone from {folders.Documents}, and with them what it put into the catalog. Put the folder {folders.Catalog} back from a "
                + "backup. To begin with an empty catalog instead, move isocatalog.db away and add the images again.");
        }

        foreach (var path in files.Sites().Where(s => s != site).SelectMany(files.DocumentsOf))
        {
            LoadForeign(path);
        }

        return _catalog;
    }

    private bool IsActive => _catalog.Trust.Current.Sites.GetValueOrDefault(site) is { Status: SiteStatus.Active };

    private void LoadOwn(string path)
    {
        var outcome = Offer(path, dropDamaged: false);
        var problem = outcome switch
        {
            null => "It is no signed document.",
            Admission.Pending { Reason: PendingReason.MissingChunks { Chunks: var missing } } =>
                $"Its chunk {folders.ChunkFile(missing[0].Sha256)} is missing or damaged.",
            // By a key that was taken from the site before it came back: the trust document says which of these count.
            Admission.Refused { Violation.Rule: Rules.ManifestPast } => null,
            Admission.Refused { Violation: var violation } => violation.ToString(),
            _ => null,
        };
        if (problem is not null && IsActive)
        {
            throw new SiteStartException(
                "catalog-invalid", $"{path} is not this site's signed catalog. {problem} Put back the folder {folders.Catalog}, or the key that signed it, from a backup.");
        }

        _catalog = outcome?.Catalog ?? _catalog;
    }

    private void LoadForeign(string path)
    {
        switch (Offer(path, dropDamaged: true))
        {
            case Admission.Pending { Reason: PendingReason.MissingChunks }:
            case Admission.Pending { Reason: PendingReason.NeedsNewerVersion { Chunks: var all } }
                when files.Lacking(all, ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>>.Empty).Count > 0:
            case Admission.Refused:
            case null:
                Log.DocumentDropped(log, path);
                events.Add("fleet", $"{path} is damaged or does not count any more; it was dropped and is fetched again.");
                DocumentFiles.Drop(path);
                break;
            case var outcome:
                _catalog = outcome.Catalog;
                break;
        }
    }

    private Admission? Offer(string path, bool dropDamaged)
    {
        var envelope = DocumentFiles.Read(path, FleetCatalog.MaxEnvelope);
        var outcome = _catalog.Admit(envelope, ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>>.Empty, reference);
        if (outcome is not Admission.Pending { Reason: PendingReason.MissingChunks { Chunks: var missing } })
        {
            return outcome;
        }

        outcome = _catalog.Admit(envelope, files.ReadChunks(missing), reference);
        if (dropDamaged && outcome is Admission.Pending { Reason: PendingReason.MissingChunks { Chunks: var damaged } })
        {
            // Out of the way, so that the right one can take its place.
            foreach (var chunk in damaged.Where(c => File.Exists(folders.ChunkFile(c.Sha256))))
            {
                DocumentFiles.Drop(folders.ChunkFile(chunk.Sha256));
            }
        }

        return outcome;
    }
}
