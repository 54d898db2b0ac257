using System.Collections.Immutable;

namespace IsoCatalog.Core.Catalog;

/// <summary>An image as the catalog has it: both registers joined.</summary>
/// <param name="Stamp">Of the entry that put or deleted it.</param>
public sealed record CatalogImage(ImageId Id, ImageValue Value, MetaValue Meta, bool Deleted, Stamp Stamp, string By)
{
    public string Title => Meta.Titles.TryGetValue("en", out var title) ? title
        : Meta.Titles.Count > 0 ? Meta.Titles.OrderBy(t => t.Key, StringComparer.Ordinal).First().Value
        : Value.Iso.VolumeId.Length > 0 ? Value.Iso.VolumeId : Value.FileName;

    public IReadOnlyList<string> Arch => Meta.Arch.Count > 0 ? Meta.Arch : Value.Iso.Arch;

    /// <summary>Does a list of what can be mounted show the same, whatever its filter? Who owns or protects an image is not shown there.</summary>
    public bool LooksLike(CatalogImage other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Title == other.Title && Meta.Kind == other.Meta.Kind && Meta.Group == other.Meta.Group && Meta.Order == other.Meta.Order
            && Meta.Os == other.Meta.Os && Meta.EolDate == other.Meta.EolDate && Meta.Hidden == other.Meta.Hidden
            && Arch.SequenceEqual(other.Arch) && Meta.Tags.SequenceEqual(other.Meta.Tags) && Value == other.Value;
    }
}

/// <summary>
/// The catalog as a pure join of entries: per register the entry with the highest stamp. Immutable; order, repetition and grouping of entries do not
/// matter.
/// </summary>
public sealed record CatalogView
{
    private static readonly MetaValue NoMeta = new();

    public static readonly CatalogView Empty = new();

    private ImmutableDictionary<ImageId, ImageEntry> ImageEntries { get; init; } = ImmutableDictionary<ImageId, ImageEntry>.Empty;

    private ImmutableDictionary<ImageId, MetaEntry> MetaEntries { get; init; } = ImmutableDictionary<ImageId, MetaEntry>.Empty;

    /// <summary>Every image that was ever put, deleted ones included.</summary>
    public ImmutableDictionary<ImageId, CatalogImage> Images { get; init; } = ImmutableDictionary<ImageId, CatalogImage>.Empty;

    /// <summary>Live images by their name, without case.</summary>
    public ImmutableDictionary<string, ImageId> Names { get; init; } =
        ImmutableDictionary.Create<string, ImageId>(ImageFileName.Comparer);

    public Stamp? LastStamp { get; init; }

    public IEnumerable<CatalogImage> Live => Images.Values.Where(i => !i.Deleted);

    /// <summary>The newest entry of each register: what a site document restates.</summary>
    public IEnumerable<Entry> Entries =>
        ImageEntries.Values.OrderBy(e => e.Image).Cast<Entry>().Concat(MetaEntries.Values.OrderBy(e => e.Image));

    public CatalogView With(IEnumerable<Entry> entries) => entries.Aggregate(this, (view, entry) => view.With(entry));

    public CatalogView With(Entry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var view = entry.Stamp > LastStamp ? this with { LastStamp = entry.Stamp } : this;
        return entry switch
        {
            ImageEntry image when !(ImageEntries.TryGetValue(image.Image, out var known) && known.Stamp >= image.Stamp) =>
                (view with { ImageEntries = ImageEntries.SetItem(image.Image, image) }).Joined(image.Image),
            MetaEntry meta when !(MetaEntries.TryGetValue(meta.Image, out var known) && known.Stamp >= meta.Stamp) =>
                (view with { MetaEntries = MetaEntries.SetItem(meta.Image, meta) }).Joined(meta.Image),
            _ => view,
        };
    }

    /// <summary>The live image of that id or of that name.</summary>
    public CatalogImage? Find(string idOrName) =>
        ImageId.TryParse(idOrName, out var id) ? Images.GetValueOrDefault(id)
        : Names.TryGetValue(idOrName, out id) ? Images[id] : null;

    private CatalogView Joined(ImageId id)
    {
        if (!ImageEntries.TryGetValue(id, out var entry))
        {
            return this;
        }

        var meta = MetaEntries.TryGetValue(id, out var m) ? m.Value : NoMeta;
        var image = new CatalogImage(id, entry.Value, meta, entry.Deleted, entry.Stamp, entry.By);
        var names = Names;
        if (Images.TryGetValue(id, out var before) && Names.TryGetValue(before.Value.FileName, out var named) && named == id)
        {
            names = names.Remove(before.Value.FileName);
        }

        return this with
        {
            Images = Images.SetItem(id, image),
            Names = entry.Deleted ? names : names.SetItem(entry.Value.FileName, id),
        };
    }
}
