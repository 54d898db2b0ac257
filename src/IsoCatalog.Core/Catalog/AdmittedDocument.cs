using System.Collections.Immutable;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>A site's document that was verified and is complete. Immutable.</summary>
/// <param name="Speaker">Whose key signed it.</param>
/// <param name="Envelope">As it came: this is what is stored and passed on.</param>
/// <param name="Chunks">All of them, as the manifest lists them.</param>
public sealed record AdmittedDocument(
    SiteManifest Manifest, DocumentRef Ref, Speaker Speaker, ReadOnlyMemory<byte> Envelope, ImmutableArray<CatalogChunk> Chunks)
{
    public string Site => Manifest.Site;

    /// <summary>Milliseconds: what the document says with a later stamp is set aside by the trust document; null when nothing is.</summary>
    public long? SetAsideAbove { get; init; }

    /// <summary>What of the chunks counts: all of them, but for what is set aside.</summary>
    public ImmutableArray<CatalogChunk> Counted { get; init; } = Chunks;

    /// <summary>The clock of what counts.</summary>
    public HybridTime Clock => SetAsideAbove is { } above && Manifest.Hlc.Ms > above
        ? Counted.Select(c => c.Newest).DefaultIfEmpty().Max()
        : Manifest.Hlc;

    /// <summary>The entries that are set aside.</summary>
    public IEnumerable<StatedEntry> SetAside => SetAsideAbove is { } above ? Chunks.Where(c => c.Newest.Ms > above).SelectMany(c => c.Entries).Where(e => e.Stamp.Ms > above) : [];

    /// <summary>What the document says of a register.</summary>
    public StatedEntry? Find(RegisterKey key) => ChunkOf(key.Bucket)?.Find(key);

    /// <summary>The document as it counts under a trust document; the same object when nothing changes.</summary>
    internal AdmittedDocument Under(SpeakerIndex speakers)
    {
        var above = speakers.SetAsideAbove(Site, Manifest.Trust.Version) is { } ms && Manifest.Hlc.Ms > ms ? ms : (long?)null;
        return above == SetAsideAbove ? this
            : this with { SetAsideAbove = above, Counted = above is { } cut ? [.. Chunks.Select(c => c.UpTo(new HybridTime(cut, Stamp.MaxN))).OfType<CatalogChunk>()] : Chunks };
    }

    internal CatalogChunk? ChunkOf(int bucket)
    {
        var (low, high) = (0, Counted.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = Counted[middle].Bucket - bucket;
            if (order == 0)
            {
                return Counted[middle];
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    /// <summary>Says one of <paramref name="newer"/> at least as much in every register?</summary>
    internal bool IsCoveredBy(IReadOnlyCollection<AdmittedDocument> newer) => Counted.All(chunk =>
    {
        var others = newer.Select(d => d.ChunkOf(chunk.Bucket)).OfType<CatalogChunk>().ToList();
        return others.Any(o => o.Sha256 == chunk.Sha256)
            || chunk.Entries.All(entry => others.Any(o => o.Find(entry.Key) is { } known && !entry.Exceeds(known)));
    });
}
