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
    public static IReadOnlyList<DocumentRef> Of(SiteFolders folders, TrustChain trust, string site)
    {
        var (files, catalog) = (new DocumentFiles(folders), new FleetCatalog { Trust = trust });
        foreach (var path in files.DocumentsOf(site))
        {
            var envelope = DocumentFiles.Read(path, FleetCatalog.MaxEnvelope);
            var outcome = catalog.Admit(envelope, ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>>.Empty, DateTimeOffset.MaxValue);
            catalog = outcome is Admission.Pending { Reason: PendingReason.MissingChunks { Chunks: var missing } }
                ? catalog.Admit(envelope, files.ReadChunks(missing), DateTimeOffset.MaxValue).Catalog
                : outcome.Catalog;
        }

        return [.. (catalog.Sites.GetValueOrDefault(site)?.Retained ?? []).Select(d => d.Ref)];
    }
}
