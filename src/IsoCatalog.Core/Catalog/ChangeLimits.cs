using System.Collections.Immutable;

namespace IsoCatalog.Core.Catalog;

/// <summary>From how many changes of one signer within an hour on somebody is told. It decides nothing else.</summary>
/// <param name="Changes">More than so many.</param>
/// <param name="Percent">Or so many of a hundred images taken away (removed, recalled, hidden), and more, and at least <see cref="Fewest"/>.</param>
public sealed record ChangeLimits(int Changes = 50, int Percent = 50)
{
    public const int Fewest = 5;

    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>What one signer changed within the window, when that is more than is usual; null otherwise.</summary>
    /// <param name="after">What was changed until then is settled: somebody has seen it.</param>
    /// <param name="isHere">Whether this site has the image's bytes: of names without bytes anybody can put as many as he likes.</param>
    public IReadOnlyList<CatalogChange>? TooMany(
        CatalogHistory history, CatalogView view, string signer, DateTimeOffset now, DateTimeOffset after, Func<CatalogImage, bool> isHere)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(isHere);
        var (changes, before) = (new List<CatalogChange>(), new Dictionary<RegisterKey, CatalogChange>());
        foreach (var change in history.All)
        {
            if (change.Signer != signer)
            {
                before[change.Register] = change;
            }
            else if (change.At > now - Window && change.At > after && !GivesBack(change, before.GetValueOrDefault(change.Register)))
            {
                changes.Add(change);
            }
        }

        var taken = changes.Where(change => change.Kind is ChangeKind.Removed or ChangeKind.ProtectedRemoved or ChangeKind.Recalled or ChangeKind.Hidden)
            .Select(change => change.Register.Image).Distinct().Count(image => view.Images.GetValueOrDefault(image) is { } known && !IsOffered(known));
        return changes.Count > Changes || (taken >= Fewest && taken * 100L > (long)Percent * (view.Live.Count(image => IsOffered(image) && isHere(image)) + taken)) ? changes : null;
    }

    /// <summary>It mends what another one did, and is no reason to look.</summary>
    /// <param name="other">The change of the same register by somebody else before this one.</param>
    private static bool GivesBack(CatalogChange change, CatalogChange? other) => change.Kind switch
    {
        ChangeKind.Restored or ChangeKind.RecallEnded => true,
        ChangeKind.Described or ChangeKind.Hidden => other is not null && change.Is.Entry is MetaEntry now
            && CatalogChange.SaysTheSame(now, other.Was?.Entry as MetaEntry ?? now with { Value = new MetaValue() }),
        _ => false,
    };

    private static bool IsOffered(CatalogImage image) => image.IsVisible && !image.Meta.Hidden;
}
