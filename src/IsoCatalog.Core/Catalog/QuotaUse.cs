using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>How much of a <see cref="SiteQuota"/> a site's entries take.</summary>
/// <param name="Entries">Of any kind.</param>
/// <param name="Names">Images that are put.</param>
/// <param name="Aliases">Those that point to an image.</param>
/// <param name="Bytes">Of the images that are put; counts no further than <see cref="StrictJson.MaxNumber"/>.</param>
public readonly record struct QuotaUse(int Entries, int Names, int Aliases, long Bytes)
{
    internal static QuotaUse Of(IEnumerable<CatalogChunk> chunks) => Of(chunks.SelectMany(c => c.Entries));

    /// <param name="stated">One of each register.</param>
    public static QuotaUse Of(IEnumerable<StatedEntry> stated)
    {
        ArgumentNullException.ThrowIfNull(stated);
        var (entries, names, aliases, bytes) = (0, 0, 0, 0L);
        foreach (var entry in stated)
        {
            entries++;
            switch (entry.Entry)
            {
                case ImageEntry { Deleted: false } image:
                    names++;
                    bytes = Math.Min(bytes + image.Value.Size, StrictJson.MaxNumber);
                    break;
                case AliasEntry { Deleted: false }:
                    aliases++;
                    break;
                default:
                    break;
            }
        }

        return new(entries, names, aliases, bytes);
    }

    /// <summary>What of the quota it exceeds; null when it keeps to it.</summary>
    public string? Excess(SiteQuota quota)
    {
        ArgumentNullException.ThrowIfNull(quota);
        return Entries > quota.Entries ? $"{Entries} entries, {quota.Entries} are allowed"
            : Names > quota.Names ? $"{Names} images, {quota.Names} are allowed"
            : Aliases > quota.Aliases ? $"{Aliases} aliases, {quota.Aliases} are allowed"
            : Bytes > quota.Bytes ? $"images of {Bytes} bytes, {quota.Bytes} are allowed"
            : null;
    }
}
