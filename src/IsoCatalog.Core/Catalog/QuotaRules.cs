using System.Collections.Immutable;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>What a quota means for a document, and for the site that writes the next one.</summary>
internal static class QuotaRules
{
    /// <summary>What the manifest says by itself, before any chunk is asked for.</summary>
    public static RuleViolation? Check(SiteManifest manifest, SiteQuota? quota) =>
        quota is not null && Binds(quota, manifest) && manifest.Chunks.Sum(c => (long)c.Entries) is var entries && entries > quota.Entries
            ? Violation(manifest, $"{entries} entries, {quota.Entries} are allowed")
            : null;

    public static RuleViolation? Check(SiteManifest manifest, IEnumerable<CatalogChunk> chunks, SiteQuota? quota) =>
        quota is not null && Binds(quota, manifest) && QuotaUse.Of(chunks).Excess(quota) is { } excess ? Violation(manifest, excess) : null;

    /// <summary>
    /// What of a site's words has room in its next document. Of one that was beyond the quota when it was set, that is what takes away or recalls, and whatever is not
    /// beyond: the rest stands in the document of the earlier trust version, which counts beside.
    /// </summary>
    public static ImmutableSortedDictionary<int, CatalogChunk> Fitting(ImmutableSortedDictionary<int, CatalogChunk> chunks, SiteQuota? quota)
    {
        if (quota is null)
        {
            return chunks;
        }

        var use = QuotaUse.Of(chunks.Values);
        if (use.Excess(quota) is null)
        {
            return chunks;
        }

        var (entries, images, aliases) = (use.Entries > quota.Entries, use.Names > quota.Names || use.Bytes > quota.Bytes, use.Aliases > quota.Aliases);
        return chunks.Values.Select(c => c.Where(e => TakesAway(e) || !(entries || (images && e.Entry is ImageEntry) || (aliases && e.Entry is AliasEntry))))
            .OfType<CatalogChunk>().ToImmutableSortedDictionary(c => c.Bucket, c => c);
    }

    /// <summary>Why the site may not say it; null when there is room.</summary>
    /// <param name="chunks">All that it would have said then.</param>
    /// <param name="stated">What of it is new.</param>
    /// <param name="percent">Of the entries; what is put is never counted twice, so that nothing else needs room to be taken away.</param>
    public static string? Shortage(ImmutableSortedDictionary<int, CatalogChunk> chunks, IReadOnlyList<StatedEntry> stated, SiteQuota quota, int percent)
    {
        // Whatever is beyond: who takes away is heard.
        var (images, aliases) = (stated.Any(e => e.Entry is ImageEntry { Deleted: false }), stated.Any(e => e.Entry is AliasEntry { Deleted: false }));
        return QuotaUse.Of((stated.All(TakesAway) ? Fitting(chunks, quota) : chunks).Values).Excess(quota with
        {
            Entries = (int?)((long?)quota.Entries * percent / 100),
            Names = images ? quota.Names : null,
            Bytes = images ? quota.Bytes : null,
            Aliases = aliases ? quota.Aliases : null,
        });
    }

    private static bool TakesAway(StatedEntry entry) => entry.Entry is BlockEntry or { Deleted: true };

    private static bool Binds(SiteQuota quota, SiteManifest manifest) => manifest.Trust.Version >= quota.Since;

    private static RuleViolation Violation(SiteManifest manifest, string excess) =>
        new(Rules.ManifestQuota, $"The document of '{manifest.Site}' is beyond the quota of the trust document: {excess}.");
}
