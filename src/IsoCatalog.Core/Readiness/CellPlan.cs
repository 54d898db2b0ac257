using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Readiness;

/// <summary>What is to be done for a cell next.</summary>
public enum CellStep
{
    None,

    /// <summary>Bring the bytes there and read them back.</summary>
    Stage,

    /// <summary>Read what is visible and in doubt, where it lies.</summary>
    Read,

    /// <summary>Show it.</summary>
    Advertise,

    /// <summary>Take it out of sight.</summary>
    Withdraw,
}

/// <summary>The rule that turns what a site knows into the next step of each cell and of each file. Pure.</summary>
public static class CellPlan
{
    /// <summary>A surface that has been unusable for this long is not waited for by the others, nor a site that was silent, or came no further with the image.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public static CellStep Next(SiteView view, ImageId image, SurfaceStatus surface, bool together, DateTimeOffset now)
    {
        var cell = view.CellOf(image, surface.Name);
        var healthy = view.FileOf(image) is StoreFile.Present;
        if (!view.IsWanted(image))
        {
            return cell is null || view.IsHeldInSight(image, surface) ? CellStep.None : CellStep.Withdraw;
        }

        return cell switch
        {
            { State: CellState.Withdrawn, Evidence: not null, Code: ReasonCode.FileChanged or ReasonCode.StoreDamaged } when surface.ShowsFiles =>
                surface.Problem is null && (healthy || !view.SharesStore(image, surface)) ? CellStep.Read : CellStep.None,
            { State: CellState.Withdrawn or CellState.Quarantined, Evidence: not null } => CellStep.Withdraw,
            _ when surface.Problem is not null || !healthy => CellStep.None,
            null or { State: CellState.Absent or CellState.Withdrawn or CellState.Quarantined or CellState.Fetching } => CellStep.Stage,
            { State: CellState.Staged } => MayShow(view, image, together, now) && TakenNames.Of(view).By(image, surface) is null ? CellStep.Advertise : CellStep.None,
            _ => CellStep.None,
        };
    }

    /// <summary>
    /// With <c>together</c>, an image is shown anywhere only once it is ready on every surface of every site; after that each stands for itself. As
    /// soon as one site shows it, that question is answered for all.
    /// </summary>
    public static bool MayShow(SiteView view, ImageId image, bool together, DateTimeOffset now) =>
        !together || view.Offered.Contains(image) || view.Others.Values.Any(o => o.Offered.Contains(image))
        || (IsReadyHere(view, image, now) && !view.Others.Values.Any(o => o.HoldsBack(image, now)));

    /// <summary>The sites that an image still waits for; empty when it does not wait.</summary>
    public static IEnumerable<string> WaitsFor(SiteView view, ImageId image, DateTimeOffset now) =>
        view.Others.Values.Where(o => o.HoldsBack(image, now)).Select(o => o.Site).Order(StringComparer.Ordinal);

    /// <summary>The sites that hold the image back, when nothing here does; else empty.</summary>
    public static IReadOnlyList<string> HeldBackBy(SiteView view, ImageId image, bool together, DateTimeOffset now) =>
        IsReadyHere(view, image, now) && !MayShow(view, image, together, now) ? [.. WaitsFor(view, image, now)] : [];

    /// <summary>When the next site or surface stops being waited for, so that what waits is to be decided anew; null when none does.</summary>
    public static DateTimeOffset? PatienceEnds(SiteView view, DateTimeOffset now)
    {
        var others = view.Others.Values.SelectMany(o =>
            (o.Surfaces ?? []).Select(s => s.ProblemSince).Prepend(o.Heard).Concat(o.Incomplete.Values.Select(a => a.Moved).Distinct().Select(moved => (DateTimeOffset?)moved)));
        return view.Surfaces.Select(s => s.ProblemSince).Concat(others)
            .Select(since => now - since is { } waited && waited > -Patience && waited < Patience ? since + Patience : null)
            .Min();
    }

    /// <param name="usual">What counts for images that do not say it themselves.</param>
    public static bool IsTogether(CatalogImage? image, bool usual) => image?.Meta.Offer is { } offer ? offer == "together" : usual;

    public static bool IsReadyHere(SiteView view, ImageId image, DateTimeOffset now) => view.Surfaces.All(s =>
        view.CellOf(image, s.Name) is { State: CellState.Staged or CellState.Advertised }
        || (s.ProblemSince is { } since && now - since >= Patience));

    /// <summary>May the site's own file move to <c>retired/</c>? Only when every image that it is was deleted, is out of sight everywhere, and nobody holds it.</summary>
    public static bool MayRetire(SiteView view, Sha256Digest root)
    {
        ArgumentNullException.ThrowIfNull(view);
        return view.Store.GetValueOrDefault(root) is StoreFile.Present
            && view.ImagesOf(root).ToList() is { Count: > 0 } images
            && images.TrueForAll(i => i.Deleted && !view.IsLeased(i.Id) && view.Surfaces.All(s => view.CellOf(i.Id, s.Name) is null));
    }

    /// <summary>May a retired file be deleted for good? Not as long as one of the images that it is is live, or held.</summary>
    public static bool MayEvict(SiteView view, Sha256Digest root)
    {
        ArgumentNullException.ThrowIfNull(view);
        return view.Store.GetValueOrDefault(root) is StoreFile.Retired && view.ImagesOf(root).All(i => i.Deleted && !view.IsLeased(i.Id));
    }
}
