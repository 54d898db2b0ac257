using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Readiness;

/// <summary>What comes next for bytes that may have to come from other sites.</summary>
public enum FetchStep
{
    None,

    /// <summary>Bring them here.</summary>
    Fetch,

    /// <summary>They are on their way, or wanted, and are not any more.</summary>
    GiveUp,
}

/// <summary>
/// Which bytes are fetched from other sites. Whoever has looked and found that the bytes are not here says <see cref="Wanted"/>; from then on the view alone
/// decides. Pure.
/// </summary>
public static class FetchPlan
{
    /// <summary>Which image is brought first where several are to be: the oldest. Other sites count on it when they wait for one.</summary>
    public static IComparer<CatalogImage> Order { get; } =
        Comparer<CatalogImage>.Create((one, other) => (one.Value.AddedAt, one.Id).CompareTo((other.Value.AddedAt, other.Id)));

    /// <summary>The word that starts a fetch.</summary>
    public static StoreFile.Fetching Wanted(DateTimeOffset now) => new(now, 0, ReasonCode.WaitingForSource, "Its bytes are wanted from other sites.");

    /// <param name="root">Of the bytes: whoever is said to be them and is visible wants them.</param>
    public static FetchStep Next(SiteView view, Sha256Digest root)
    {
        ArgumentNullException.ThrowIfNull(view);
        var file = view.Store.GetValueOrDefault(root);
        return !view.ImagesOf(root).Any(i => i.IsVisible) ? file is StoreFile.Fetching ? FetchStep.GiveUp : FetchStep.None
            : file is StoreFile.Fetching or StoreFile.Lost && !view.Others.IsEmpty ? FetchStep.Fetch
            : FetchStep.None;
    }

    /// <summary>Whether a fetch that was begun for this image, as it was then, still brings what is wanted.</summary>
    public static bool IsFor(SiteView view, CatalogImage image)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(image);
        return Next(view, image.Value.Root) == FetchStep.Fetch && view.ImagesOf(image.Value.Root).Any(i => i.Id == image.Id && i.IsVisible);
    }
}
