using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>What is signed when an image is put into the catalog, and what follows from it. Pure.</summary>
/// <param name="Entries">To be signed, all in one document; none when a lost copy of a known image comes back. What a site says by itself (<see cref="Stamp.Weakest"/>) may be left out.</param>
/// <param name="Replaced">The image that goes for it; null for none.</param>
/// <param name="Moves">Moves of aliases that waited for that image: they wait for the new one.</param>
public sealed record Adding(IReadOnlyList<Entry> Entries, CatalogImage? Replaced, IReadOnlyList<AliasMove> Moves)
{
    /// <param name="view">In which <see cref="CatalogRules.MayAdd"/> says that it may be put.</param>
    /// <param name="self">Who will sign.</param>
    /// <param name="value">Its bytes, and the name that it is to have.</param>
    /// <param name="description">What is said of it.</param>
    /// <param name="replace">Whether an image that has the name goes for it.</param>
    /// <param name="stamp">For the new entries, above all that stands in their registers.</param>
    /// <param name="by">Who asks for it.</param>
    public static Adding Of(
        SiteView view, string self, ImageValue value, AddedDescription description, bool replace, Func<IEnumerable<RegisterKey>, Stamp> stamp, string by)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(stamp);
        var id = new ImageId(value.Sha256);
        var known = view.Catalog.Images.GetValueOrDefault(id);
        var replaced = replace ? CatalogRules.ReplacedBy(view, id, value.FileName) : null;
        IReadOnlyList<string> aliases = replaced is null ? [] : view.Catalog.AliasesOf.GetValueOrDefault(replaced.Id, []);
        var next = stamp([RegisterKey.OfImage(id), RegisterKey.OfMeta(id), .. aliases.Select(RegisterKey.OfAlias), .. replaced is null ? [] : new[] { RegisterKey.OfImage(replaced.Id) }]);
        var entries = new List<Entry>();
        if (replaced is not null)
        {
            var said = ImageOrigin.SaidBy(self, view.Signed.Registers.GetValueOrDefault(RegisterKey.OfImage(replaced.Id)), replaced.Value);
            entries.Add(new ImageEntry(replaced.Id, next, by, $"replaced by {id}", true, said));

            // It is no new word about the alias: what waits for it goes on.
            entries.AddRange(aliases.Select(name => new AliasEntry(name, id, next, by, null, false)
            {
                Former = AliasPlan.FormerOf(view.Catalog.AliasOf(name), id),
                Asked = view.Catalog.AliasOf(name)?.Said,
            }));
        }

        // Another root for the same SHA-256 contradicts whoever signed the first: both were computed here, so that is said.
        if (known is null or { Deleted: true } || known.Value.Root != value.Root)
        {
            entries.Add(new ImageEntry(id, next, by, null, false, value.WithAdder(by, self)));
        }

        if (Described(view, self, id, replaced, description, next, by) is { } meta)
        {
            entries.Add(meta);
        }

        return new Adding(entries, replaced, replaced is null ? [] : [.. view.AliasMoves.Values.Where(m => m.Image == replaced.Id).Select(m => m with { Image = id })]);
    }

    private static MetaEntry? Described(SiteView view, string self, ImageId id, CatalogImage? replaced, AddedDescription description, Stamp next, string by)
    {
        var known = DescriptionOf(view, id)?.Value;
        if (known is null && replaced is not null && DescriptionOf(view, replaced.Id) is { } before && !before.Stamp.IsWeakest())
        {
            return new MetaEntry(id, next, by, null, description.After(before.Value));
        }

        return description.Over(known) is not { } meta ? null
            : description.IsSaid ? new MetaEntry(id, next, by, null, meta)
            : new MetaEntry(id, Stamp.Weakest(self), by, $"recognised by {description.Recognized!.Source}", meta);
    }

    private static MetaEntry? DescriptionOf(SiteView view, ImageId id) =>
        view.Signed.Registers.GetValueOrDefault(RegisterKey.OfMeta(id))?.Winner.Entry is MetaEntry { Deleted: false } entry ? entry : null;
}
