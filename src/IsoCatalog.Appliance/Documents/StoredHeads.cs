using System.Collections.Immutable;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Documents;

/// <summary>What a site's folder has of signed documents, without the site.</summary>
internal static class StoredHeads
{
    /// <summary>The retained documents of a site, read from the folder of a site that need not run; what is damaged is passed over.</summary>
    public static IReadOnlyList<DocumentRef> Of(SiteFolders folders, TrustChain trust, string site) =>
        [.. (Catalog(folders, trust, [site]).Sites.GetValueOrDefault(site)?.Retained ?? []).Select(d => d.Ref)];

    /// <summary>The highest epoch that anything has which is known there of a site: documents that count or do not any more, and what the others have seen.</summary>
    public static long LastEpochOf(SiteFolders folders, TrustChain trust, string site)
    {
        var catalog = Catalog(folders, trust, trust.Current.Sites.Keys);
        var record = catalog.Sites.GetValueOrDefault(site) ?? new SiteRecord();
        return record.Retained.Concat(record.SetAside).Select(d => d.Ref.Epoch)
            .Append(catalog.Floors.GetValueOrDefault(site)?.Epoch ?? 0).Max();
    }

    /// <summary>All that the documents of these sites say, those from the future too.</summary>
    public static FleetCatalog Catalog(SiteFolders folders, TrustChain trust, IEnumerable<string> sites)
    {
        var (files, catalog) = (new DocumentFiles(folders), new FleetCatalog { Trust = trust });
        foreach (var path in sites.SelectMany(files.DocumentsOf))
        {
            var envelope = DocumentFiles.Read(path, FleetCatalog.MaxEnvelope);
            var outcome = catalog.Admit(envelope, ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>>.Empty, DateTimeOffset.MaxValue);
            catalog = outcome is Admission.Pending { Reason: PendingReason.MissingChunks { Chunks: var missing } }
                ? catalog.Admit(envelope, files.ReadChunks(missing), DateTimeOffset.MaxValue).Catalog
                : outcome.Catalog;
        }

        return catalog;
    }
}
