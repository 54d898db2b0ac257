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
/// <param name="At">When it was signed, as far as that is known here: by its stamp, but not before the last document of the signer that did not have it.</param>
public sealed record CatalogChange(StatedEntry Is, StatedEntry? Was, ChangeKind Kind, DateTimeOffset At)
{
    public RegisterKey Register => Is.Key;

    /// <summary>The site that signed it.</summary>
    public string Signer => Is.Stamp.Site;

    /// <summary>What differs between two views, one after the other. Pure; costs a look at every register.</summary>
    /// <param name="notBefore">Of a site: when it signed the newest of its documents that the earlier view was made of.</param>
    public static IEnumerable<CatalogChange> Between(CatalogView before, CatalogView after, DateTimeOffset now, Func<string, DateTimeOffset> notBefore)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        ArgumentNullException.ThrowIfNull(notBefore);
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
            var least = notBefore(register.Winner.Stamp.Site);
            var at = stamped > least ? stamped : least;
            yield return new CatalogChange(register.Winner, known?.Winner, kind, at < now ? at : now);
        }
    }

    private static ChangeKind? KindOf(CatalogView before, StatedEntry? was, StatedEntry now) => (was?.Entry, now.Entry) switch
    {
        (null, BlockEntry { Deleted: false }) => ChangeKind.Recalled,
        (null, MetaEntry meta) when before.Images.ContainsKey(meta.Image) => meta.Value.Hidden ? ChangeKind.Hidden : ChangeKind.Described,
        (null, _) => null,
        (ImageEntry { Deleted: false }, ImageEntry { Deleted: true } image) =>
            before.Images.GetValueOrDefault(image.Image) is { Meta.Protected: true } ? ChangeKind.ProtectedRemoved : ChangeKind.Removed,
        (ImageEntry { Deleted: true }, ImageEntry { Deleted: false }) => ChangeKind.Restored,
        (ImageEntry one, ImageEntry other) => one.Value.Root != other.Value.Root ? ChangeKind.Claimed : null,
        (BlockEntry { Deleted: true }, BlockEntry { Deleted: false }) => ChangeKind.Recalled,
        (BlockEntry { Deleted: false }, BlockEntry { Deleted: true }) => ChangeKind.RecallEnded,
        (MetaEntry one, MetaEntry other) => !one.Value.Hidden && other.Value.Hidden ? ChangeKind.Hidden : ChangeKind.Described,
        (AliasEntry one, AliasEntry other) => one.Target != other.Target || one.Deleted != other.Deleted ? ChangeKind.AliasMoved : null,
        _ => null,
    };
}
