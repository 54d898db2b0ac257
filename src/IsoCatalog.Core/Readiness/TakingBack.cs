using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Readiness;

/// <summary>What is done to take back what one site signed from a time on: one entry for each change that is still in force. Pure.</summary>
/// <param name="Entries">To be signed, all in one document.</param>
/// <param name="Undone">The changes that they take back, in the same order.</param>
/// <param name="Left">Changes that are not taken back, and why.</param>
public sealed record TakingBack(IReadOnlyList<Entry> Entries, IReadOnlyList<CatalogChange> Undone, IReadOnlyList<(CatalogChange Change, string Why)> Left)
{
    /// <param name="view">With the history of this site.</param>
    /// <param name="self">Who will sign.</param>
    /// <param name="signer">Whose changes.</param>
    /// <param name="since">From when on.</param>
    /// <param name="stamp">For the new entries, above all that stands in their registers.</param>
    /// <param name="by">Who asks for it.</param>
    public static TakingBack Of(SiteView view, string self, string signer, DateTimeOffset since, Func<IEnumerable<RegisterKey>, Stamp> stamp, string by)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(stamp);
        var changes = view.History.InForce(view.Signed, signer, since).ToList();
        var next = stamp(changes.Select(change => change.Register));
        var (entries, undone, left) = (new List<Entry>(), new List<CatalogChange>(), new List<(CatalogChange, string)>());
        var names = new HashSet<string>(ImageFileName.Comparer);

        // Recalls first: whether a removed image may be put again depends on them.
        var free = changes.Where(change => Undoing(view, change, next, by) is BlockEntry { Deleted: true }).Select(change => change.Register.Image).ToHashSet();
        foreach (var change in changes)
        {
            if (Undoing(view, change, next, by) is not { } entry)
            {
                left.Add((change, change.Register.Kind is RegisterKind.Alias
                    ? $"Aliases are not moved back by themselves: isocatalog alias {change.Register.Alias} IMAGE."
                    : "What was brought back is not removed by itself: isocatalog rm IMAGE."));
            }
            else if (entry is ImageEntry { Deleted: false } put && view.Signed.Images[put.Image].Deleted && Hindrance(view, put, names, free.Contains(put.Image)) is { } why)
            {
                left.Add((change, why));
            }
            else if (Signable(view, Own(view, self, entry), signer) is var (signable, violation) && violation is not null)
            {
                left.Add((change, $"It cannot be signed: {violation}"));
            }
            else
            {
                entries.Add(signable!);
                undone.Add(change);
            }
        }

        return new TakingBack(entries, undone, left);
    }

    private static Entry Own(SiteView view, string self, Entry entry) => entry is ImageEntry image
        ? image with { Value = ImageOrigin.SaidBy(self, view.Signed.Registers.GetValueOrDefault(image.Key), image.Value) }
        : entry;

    /// <summary>One word that is too long to be said again must not keep all the others.</summary>
    private static (Entry? Entry, RuleViolation? Violation) Signable(SiteView view, Entry entry, string signer)
    {
        var plain = entry with { Obs = view.Signed.Registers[entry.Key].Winner.Hash };
        var explained = plain with { Why = $"takes back what {signer} signed" };
        return EntryText.Check(StatedEntry.Of(explained)) is null ? (explained, null)
            : EntryText.Check(StatedEntry.Of(plain)) is { } violation ? (null, violation)
            : (plain, null);
    }

    private static Entry? Undoing(SiteView view, CatalogChange change, Stamp stamp, string by) =>
        (view.Signed.Registers[change.Register].Winner.Entry, change.Was?.Entry) switch
        {
            (ImageEntry { Deleted: true }, ImageEntry { Deleted: false } was) => new ImageEntry(was.Image, stamp, by, null, false, was.Value),
            (ImageEntry now, ImageEntry was) when now.Value.Root != was.Value.Root => new ImageEntry(was.Image, stamp, by, null, was.Deleted, was.Value),
            (BlockEntry { Deleted: false } now, null or BlockEntry { Deleted: true }) => new BlockEntry(now.Image, stamp, by, null, true),
            (BlockEntry { Deleted: true } now, BlockEntry { Deleted: false }) => new BlockEntry(now.Image, stamp, by, null, false),
            (MetaEntry now, var was) => new MetaEntry(now.Image, stamp, by, null, (was as MetaEntry)?.Value ?? new MetaValue()),
            _ => null,
        };

    /// <param name="recallEnds">The recall of the image is taken back in the same step.</param>
    private static string? Hindrance(SiteView view, ImageEntry put, HashSet<string> names, bool recallEnds)
    {
        if (view.FileOf(put.Image) is not (StoreFile.Retired or StoreFile.Present or StoreFile.Doubted) && !view.Others.Values.Any(other => other.Holds(put.Image)))
        {
            return $"The bytes of {put.Value.FileName} are not kept any more. Add the file again: isocatalog add FILE.";
        }

        var refusal = CatalogRules.MayAdd(view, put.Image, put.Value.FileName);
        return refusal is not null && !(recallEnds && refusal.Code == RefusalCode.Blocked) ? refusal.InFull
            : !names.Add(put.Value.FileName) ? $"Another image that is brought back has the name {put.Value.FileName} too."
            : null;
    }
}
