namespace IsoCatalog.Core.Catalog;

/// <summary>An image as the catalog has it: its registers joined.</summary>
/// <param name="Stamp">Of the entry that put or deleted it.</param>
public sealed record CatalogImage(ImageId Id, ImageValue Value, MetaValue Meta, bool Deleted, Stamp Stamp, string By)
{
    /// <summary>Recalled by hash: on no surface, whoever puts it, until the recall is taken back.</summary>
    public bool Blocked { get; init; }

    /// <summary>Why it is recalled.</summary>
    public string? BlockedWhy { get; init; }

    /// <summary>
    /// Sites disagree which bytes this is: one SHA-256 with two sizes or roots, or one root with two SHA-256. Nobody advertises it first before it computed
    /// both itself.
    /// </summary>
    public bool Disputed { get; init; }

    /// <summary>
    /// The name on every surface. It is the one that the entry asks for unless a visible image of other bytes asks for the same; then each has its hash in it.
    /// </summary>
    public string FileName { get; init; } = Value.FileName;

    /// <summary>Put, and not recalled.</summary>
    public bool IsVisible => !Deleted && !Blocked;

    public string Title => Meta.Titles.TryGetValue("en", out var title) ? title
        : Meta.Titles.Count > 0 ? Meta.Titles.OrderBy(t => t.Key, StringComparer.Ordinal).First().Value
        : Value.Iso.VolumeId.Length > 0 ? Value.Iso.VolumeId : FileName;

    /// <summary>
    /// The title in that language: by lookup (RFC 4647, section 3.4), so that <c>pt-BR</c> finds <c>pt</c>, without case; else the one that is shown without a language. The same at every site.
    /// </summary>
    /// <param name="language">A language tag; null for none.</param>
    public string TitleIn(string? language) =>
        language is null ? Title : LanguageTag.Lookup(language).Select(TitleTagged).FirstOrDefault(title => title is not null) ?? Title;

    public IReadOnlyList<string> Arch => Meta.Arch.Count > 0 ? Meta.Arch : Value.Iso.Arch;

    private string? TitleTagged(string tag) => Meta.Titles.GetValueOrDefault(tag)
        ?? Meta.Titles.Where(t => string.Equals(t.Key, tag, StringComparison.OrdinalIgnoreCase)).OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => t.Value).FirstOrDefault();

    /// <summary>Does a list of what can be mounted show the same, whatever its filter? Who owns or protects an image is not shown there.</summary>
    public bool LooksLike(CatalogImage other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return SameTitles(Meta.Titles, other.Meta.Titles) && Title == other.Title && FileName == other.FileName && Meta.Kind == other.Meta.Kind && Meta.Group == other.Meta.Group
            && Meta.Order == other.Meta.Order && Meta.Os == other.Meta.Os && Meta.EolDate == other.Meta.EolDate && Meta.Hidden == other.Meta.Hidden
            && Arch.SequenceEqual(other.Arch) && Meta.Tags.SequenceEqual(other.Meta.Tags) && LooksLike(Value, other.Value);
    }

    /// <summary>Any of them may be shown to somebody.</summary>
    private static bool SameTitles(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Count == b.Count && a.All(t => b.TryGetValue(t.Key, out var other) && t.Value == other);

    /// <summary>By what is shown: two readings of the same entry are equal here although their lists are two.</summary>
    private static bool LooksLike(ImageValue a, ImageValue b) =>
        a.Sha256 == b.Sha256 && a.Size == b.Size && a.Root == b.Root && a.AddedAt == b.AddedAt && a.Iso.VolumeId == b.Iso.VolumeId
        && a.Iso.Bios == b.Iso.Bios && a.Iso.Uefi == b.Iso.Uefi && a.Faults?.ToString() == b.Faults?.ToString();
}
