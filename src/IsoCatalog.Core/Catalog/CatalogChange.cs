namespace IsoCatalog.Core.Catalog;

/// <summary>What a signer's word did to something that was known before. Written by its name: the order means nothing.</summary>
public enum ChangeKind
{
    /// <summary>An alias points elsewhere, or is gone.</summary>
    AliasMoved,

    /// <summary>An image is described otherwise.</summary>
    Described,

    /// <summary>An image was taken out of sight by its description.</summary>
    Hidden,

    /// <summary>Other bytes are said to be the image's.</summary>
    Claimed,

    /// <summary>An image was removed whose description in force said that it is protected.</summary>
    ProtectedRemoved,

    /// <summary>An image was recalled.</summary>
    Recalled,

    /// <summary>A recall was taken back.</summary>
    RecallEnded,

    /// <summary>An image was removed.</summary>
    Removed,

    /// <summary>A removed image was put again.</summary>
    Restored,
}

/// <summary>One register whose word in force became another one's. What is new, and was never said of before, is no change.</summary>
/// <param name="Is">The word that is in force since.</param>
/// <param name="Was">The one before; null where nothing was said: of a recall, and of a description of an image that had none.</param>
/// <param name="At">When this site saw it; where it fetches a whole catalog for the first time, when it was stamped. What its signer says of when it was counts for nothing else.</param>
public sealed record CatalogChange(StatedEntry Is, StatedEntry? Was, ChangeKind Kind, DateTimeOffset At)
{
    public RegisterKey Register => Is.Key;

    /// <summary>The site that signed it.</summary>
    public string Signer => Is.Stamp.Site;

    /// <summary>What differs between two views, one after the other. Pure; costs a look at every register.</summary>
    /// <param name="first">The later view is what a new site hears of all that was before it.</param>
    public static IEnumerable<CatalogChange> Between(CatalogView before, CatalogView after, DateTimeOffset now, bool first)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        if (ReferenceEquals(before.Registers, after.Registers))
        {
            yield break;
        }

        foreach (var (key, register) in after.Registers)
        {
            var known = before.Registers.GetValueOrDefault(key);

            // A word that is in force again because a later one was set aside is nobody's change.
            if (ReferenceEquals(known, register) || (known is not null && !register.Winner.Exceeds(known.Winner)) || KindOf(before, known?.Winner, register.Winner) is not { } kind)
            {
                continue;
            }

            var stamped = ClockRules.At(register.Winner.Stamp.Ms);
            yield return new CatalogChange(register.Winner, known?.Winner, kind, first && stamped < now ? stamped : now);
        }
    }

    private static ChangeKind? KindOf(CatalogView before, StatedEntry? was, StatedEntry now) => (was?.Entry, now.Entry) switch
    {
        (null, BlockEntry { Deleted: false } block) => before.Images.ContainsKey(block.Image) ? ChangeKind.Recalled : null,
        (null, MetaEntry meta) when before.Images.ContainsKey(meta.Image) => meta.Value.Hidden ? ChangeKind.Hidden : ChangeKind.Described,
        (null, _) => null,
        (ImageEntry { Deleted: false }, ImageEntry { Deleted: true } image) =>
            before.Images.GetValueOrDefault(image.Image) is { Meta.Protected: true } ? ChangeKind.ProtectedRemoved : ChangeKind.Removed,
        (ImageEntry { Deleted: true }, ImageEntry { Deleted: false }) => ChangeKind.Restored,
        (ImageEntry one, ImageEntry other) => one.Value.Root != other.Value.Root ? ChangeKind.Claimed : null,
        (BlockEntry { Deleted: true }, BlockEntry { Deleted: false }) => ChangeKind.Recalled,
        (BlockEntry { Deleted: false }, BlockEntry { Deleted: true }) => ChangeKind.RecallEnded,
        (MetaEntry one, MetaEntry other) => SaysTheSame(one, other) ? null : !one.Value.Hidden && other.Value.Hidden ? ChangeKind.Hidden : ChangeKind.Described,
        (AliasEntry one, AliasEntry other) => one.Target != other.Target || one.Deleted != other.Deleted ? ChangeKind.AliasMoved : null,
        _ => null,
    };

    /// <summary>Do both describe the image alike?</summary>
    public static bool SaysTheSame(MetaEntry one, MetaEntry other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        var alike = new MetaEntry(one.Image, new Stamp(0, 0, "any"), "any", null, one.Value);
        return StatedEntry.Of(alike).Json.Span.SequenceEqual(StatedEntry.Of(alike with { Value = other.Value }).Json.Span);
    }
}
