using System.Collections.Immutable;

namespace IsoCatalog.Core.Catalog;

/// <summary>From how many changes of one signer within an hour on somebody is told. It decides nothing else.</summary>
/// <param name="Changes">More than so many.</param>
/// <param name="Percent">Or so many of a hundred images taken away (removed, recalled, hidden), and more, and at least <see cref="Fewest"/>.</param>
public sealed record ChangeLimits(int Changes = 50, int Percent = 50)
{
    public const int Fewest = 3;

    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>What one signer changed within the window, when that is more than is usual; null otherwise.</summary>
    /// <param name="after">What was changed until then is settled: somebody has seen it.</param>
    public IReadOnlyList<CatalogChange>? TooMany(CatalogHistory history, CatalogView view, string signer, DateTimeOffset now, DateTimeOffset after)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(view);
        var changes = history.Since(now - Window).Where(change => change.Signer == signer && change.At > after).ToList();
        var taken = changes.Where(change => change.Kind is ChangeKind.Removed or ChangeKind.ProtectedRemoved or ChangeKind.Recalled or ChangeKind.Hidden)
            .Select(change => change.Register.Image).Distinct().Count(image => view.Images.GetValueOrDefault(image) is { } known && !IsOffered(known));
        return changes.Count > Changes || (taken >= Fewest && taken * 100L > (long)Percent * (view.Live.Count(IsOffered) + taken)) ? changes : null;
    }

    private static bool IsOffered(CatalogImage image) => image.IsVisible && !image.Meta.Hidden;
}
