using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>What a site manifest must be in itself.</summary>
internal static class ManifestRules
{
    public static RuleViolation? Check(SiteManifest manifest, TrustParams limits) => Violations(manifest, limits).FirstOrDefault();

    private static IEnumerable<RuleViolation> Violations(SiteManifest m, TrustParams limits)
    {
        if (m.Type != "site" || !SiteId.IsValid(m.Site) || !IsCount(m.Epoch) || !IsCount(m.Seq) || (m.Seq > 1 && m.Prev is null)
            || m.Expires <= m.Issued || !IsCount(m.Trust.Version) || m.Hlc.Ms is < 0 or > StrictJson.MaxNumber || m.Hlc.N is < 0 or > Stamp.MaxN)
        {
            yield return new(
                Rules.ManifestForm, $"The document of '{m.Site}' needs the type 'site', epoch and seq from 1, the hash before it, a lifetime, a clock and a trust version.");
        }

        var previous = -1;
        foreach (var chunk in m.Chunks)
        {
            if (chunk is null || chunk.Bucket <= previous || chunk.Bucket >= RegisterKey.Buckets || chunk.Size is < 1 or > CatalogChunk.MaxBytes || chunk.Entries < 1)
            {
                yield return new(Rules.ManifestChunks, $"The chunks of '{m.Site}' are not one for each bucket in ascending order, or one is larger than {CatalogChunk.MaxBytes} bytes.");
                yield break;
            }

            previous = chunk.Bucket;
        }

        if (m.Chunks.Sum(c => (long)c.Size) > limits.MaxDocBytes || m.Chunks.Sum(c => (long)c.Entries) > limits.MaxEntries)
        {
            yield return new(
                Rules.ManifestSize, $"The document of '{m.Site}' is larger than {limits.MaxDocBytes} bytes or {limits.MaxEntries} entries (params of the trust document).");
        }

        if (m.Seen.Count > TrustDocument.MaxSites || m.Seen.Any(s => !SiteId.IsValid(s.Key) || s.Value is null || !IsCount(s.Value.Epoch) || !IsCount(s.Value.Seq)))
        {
            yield return new(Rules.ManifestSeen, $"What '{m.Site}' has seen is not a list of documents by site.");
        }

        if (m.Voids.Count > SiteManifest.MaxVoids)
        {
            yield return new(Rules.ManifestVoids, $"'{m.Site}' takes back {m.Voids.Count} documents; {SiteManifest.MaxVoids} are allowed.");
        }
    }

    internal static bool IsCount(long number) => number is >= 1 and <= StrictJson.MaxNumber;
}
