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

    /// <summary>What the document says of a register.</summary>
    public StatedEntry? Find(RegisterKey key) => ChunkOf(key.Bucket)?.Find(key);

    internal CatalogChunk? ChunkOf(int bucket)
    {
        var (low, high) = (0, Chunks.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = Chunks[middle].Bucket - bucket;
            if (order == 0)
            {
                return Chunks[middle];
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    /// <summary>Says one of <paramref name="newer"/> at least as much in every register?</summary>
    internal bool IsCoveredBy(IReadOnlyCollection<AdmittedDocument> newer) => Chunks.All(chunk =>
    {
        var others = newer.Select(d => d.ChunkOf(chunk.Bucket)).OfType<CatalogChunk>().ToList();
        return others.Any(o => o.Sha256 == chunk.Sha256)
            || chunk.Entries.All(entry => others.Any(o => o.Find(entry.Key) is { } known && !entry.Exceeds(known)));
    });
}
