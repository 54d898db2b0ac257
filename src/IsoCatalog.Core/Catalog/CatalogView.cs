using System.Collections.Immutable;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// The catalog as a pure join of entries: per register and site the newest entry, and of these the highest one counts. Immutable; order, repetition and grouping
/// of entries do not matter. Thread-safe.
/// </summary>
public sealed record CatalogView
{
    public static readonly CatalogView Empty = new();

    public ImmutableDictionary<RegisterKey, Register> Registers { get; internal init; } = ImmutableDictionary<RegisterKey, Register>.Empty;

    /// <summary>Every image that was ever put, deleted and recalled ones included.</summary>
    public ImmutableDictionary<ImageId, CatalogImage> Images { get; internal init; } = ImmutableDictionary<ImageId, CatalogImage>.Empty;

    /// <summary>Visible images by the name that they have on surfaces, without case.</summary>
    public ImmutableDictionary<string, ImageId> Names { get; internal init; } =
        ImmutableDictionary.Create<string, ImageId>(ImageFileName.Comparer);

    /// <summary>Live aliases; the image may be unknown, deleted or recalled.</summary>
    public ImmutableDictionary<string, ImageId> Aliases { get; internal init; } = ImmutableDictionary<string, ImageId>.Empty;

    /// <summary>The aliases of each image that has any, in order.</summary>
    public ImmutableDictionary<ImageId, ImmutableArray<string>> AliasesOf { get; internal init; } = ImmutableDictionary<ImageId, ImmutableArray<string>>.Empty;

    /// <summary>The highest stamp of any entry.</summary>
    public Stamp? LastStamp { get; internal init; }

    /// <summary>Which visible images ask for a name.</summary>
    internal ImmutableDictionary<string, ImmutableArray<ImageId>> Wishes { get; init; } =
        ImmutableDictionary.Create<string, ImmutableArray<ImageId>>(ImageFileName.Comparer);

    /// <summary>Which images are said to have a root.</summary>
    internal ImmutableDictionary<Hashing.Sha256Digest, ImmutableArray<ImageId>> Roots { get; init; } =
        ImmutableDictionary<Hashing.Sha256Digest, ImmutableArray<ImageId>>.Empty;

    /// <summary>Which images were ever said to have a root, whether they were removed since or not; some may be said to have another one by now.</summary>
    internal ImmutableDictionary<Hashing.Sha256Digest, ImmutableArray<ImageId>> Named { get; init; } =
        ImmutableDictionary<Hashing.Sha256Digest, ImmutableArray<ImageId>>.Empty;

    /// <summary>Put and not recalled.</summary>
    public IEnumerable<CatalogImage> Live => Images.Values.Where(i => i.IsVisible);

    /// <summary>What counts in each register, by key.</summary>
    public IEnumerable<Entry> Entries => Registers.OrderBy(r => r.Key).Select(r => r.Value.Winner.Entry);

    /// <summary>The newest entry of each register that a site itself has stated: what its next document restates.</summary>
    public IEnumerable<StatedEntry> StatedBy(string site) => Registers.Values.Select(r => r.Of(site)).OfType<StatedEntry>();

    /// <summary>The recalls that stand, also of images that nobody here ever put.</summary>
    public IEnumerable<BlockEntry> Blocks =>
        Registers.Where(r => r.Key.Kind == RegisterKind.Block).Select(r => r.Value.Winner.Entry).OfType<BlockEntry>().Where(b => !b.Deleted);

    /// <summary>The recall of these bytes that stands; null when there is none.</summary>
    public BlockEntry? BlockOf(ImageId image) =>
        Registers.GetValueOrDefault(RegisterKey.OfBlock(image))?.Winner.Entry is BlockEntry { Deleted: false } block ? block : null;

    /// <summary>What counts of that alias, a tombstone included; null when no site ever named it.</summary>
    public AliasEntry? AliasOf(string name) => Registers.GetValueOrDefault(RegisterKey.OfAlias(name))?.Winner.Entry as AliasEntry;

    /// <summary>The aliases that point to another image in the later view, or only in one of both.</summary>
    public static IReadOnlyList<string> MovedAliases(CatalogView earlier, CatalogView later)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        ArgumentNullException.ThrowIfNull(later);
        return ReferenceEquals(earlier.Aliases, later.Aliases)
            ? []
            : [.. earlier.Aliases.Except(later.Aliases).Concat(later.Aliases.Except(earlier.Aliases)).Select(a => a.Key).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Every image, live or deleted, whose bytes have that root by what counts now: one in a fleet that tells the truth.</summary>
    public IEnumerable<CatalogImage> OfRoot(Hashing.Sha256Digest root) =>
        Named.GetValueOrDefault(root, []).Select(i => Images.GetValueOrDefault(i)).OfType<CatalogImage>().Where(i => i.Value.Root == root);

    /// <summary>Did any site ever say of an image that its bytes have that root?</summary>
    public bool IsNamed(Hashing.Sha256Digest root) => Named.ContainsKey(root);

    /// <summary>The same view with these images in the place of those of their ids.</summary>
    internal CatalogView WithImages(IEnumerable<CatalogImage> images) =>
        images.Select(i => KeyValuePair.Create(i.Id, i)).ToList() is { Count: > 0 } changed ? this with { Images = Images.SetItems(changed) } : this;

    public CatalogView With(Entry entry) => With([StatedEntry.Of(entry)]);

    public CatalogView With(IEnumerable<Entry> entries) => With(entries.Select(StatedEntry.Of));

    public CatalogView With(IEnumerable<StatedEntry> entries) => CatalogJoin.Of(this, entries);

    /// <summary>The image of that id, or the visible one of that name, or the visible one that the alias points to.</summary>
    public CatalogImage? Find(string idOrName) =>
        FindItself(idOrName) ?? (Aliases.TryGetValue(idOrName, out var id) && Images.GetValueOrDefault(id) is { IsVisible: true } image ? image : null);

    /// <summary>
    /// The image that somebody means, also one that was removed or is recalled: that of the id; the visible one of the name; the one that the alias points to; else the newest of those that had the name.
    /// Null where nobody ever called an image so.
    /// </summary>
    public CatalogImage? Meant(string idOrName) => Find(idOrName)
        ?? (Aliases.TryGetValue(idOrName, out var target) ? Images.GetValueOrDefault(target)
            : ImageId.TryParse(idOrName, out _) ? null
            : Images.Values.Where(i => !i.IsVisible && ImageFileName.Comparer.Equals(i.FileName, idOrName)).MaxBy(i => i.Stamp));

    /// <summary>The same as <see cref="Find"/>, but not by an alias: for what changes an image, and must not reach another one when the alias has just moved.</summary>
    public CatalogImage? FindItself(string idOrName) =>
        ImageId.TryParse(idOrName, out var id) ? Images.GetValueOrDefault(id) : Names.TryGetValue(idOrName, out id) ? Images[id] : null;
}
