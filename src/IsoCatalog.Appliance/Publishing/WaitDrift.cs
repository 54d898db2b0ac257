using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Which images have waited for longer than they should, for their bytes or for other sites, though nothing is wrong with what is here. Pure.</summary>
internal static class WaitDrift
{
    /// <summary>Longer than a restart, an exchange of documents or a way back into a swarm takes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Bytes a second: what is slower than this to all sites is worth a look.</summary>
    private const double SlowestRate = 2_000_000;

    /// <summary>Images that do not come, and those that queue behind them.</summary>
    public static IEnumerable<DriftView> Fetches(SiteView view, DateTimeOffset now)
    {
        var fetching = view.Catalog.Live.Where(i => view.IsWanted(i.Id)).Select(i => (Image: i, File: view.FileOf(i) as StoreFile.Fetching)).Where(f => f.File is not null).ToList();
        var last = fetching.Max(f => f.File!.Moved);
        foreach (var (image, file) in fetching)
        {
            // Whatever else is wrong with a fetch is drift at once, and not here.
            var moved = file!.Moved ?? (last > file.Since ? last.Value : file.Since);
            if (file.Code is ReasonCode.Fetching or ReasonCode.WaitingForSource or ReasonCode.Verifying
                && now - moved > (file.Code == ReasonCode.Verifying ? Expected(image) : Patience))
            {
                yield return new DriftView(
                    file.Code,
                    $"{image.FileName} has come no further for {Elapsed(now - moved)}; {file.Furthest:P0} of it is here. {file.Reason} Sites that have it: {Owners(view, image)}. "
                    + "Look at `isocatalog status` here and there, and whether their swarm ports (58889) can be reached.",
                    null,
                    image.Id,
                    moved);
            }
        }
    }

    /// <summary>Images that are here and do not get ready at another site: those that it holds back, and those that are not held back for it any more.</summary>
    /// <param name="usual">Whether images are offered everywhere at once that do not say it themselves.</param>
    public static IEnumerable<DriftView> HeldBack(SiteView view, bool usual, DateTimeOffset now)
    {
        var others = view.Others.Values.OrderBy(o => o.Site, StringComparer.Ordinal).ToList();
        foreach (var image in view.Catalog.Live.Where(i => view.IsWanted(i.Id)))
        {
            var since = view.Surfaces.Select(s => view.CellOf(image.Id, s.Name)?.Since).Max() ?? now;
            var holding = now - since > Expected(image) ? CellPlan.HeldBackBy(view, image.Id, CellPlan.IsTogether(image, usual), now) : [];
            foreach (var other in others)
            {
                if (holding.Contains(other.Site))
                {
                    yield return new DriftView(
                        ReasonCode.WaitingForSites,
                        $"{image.FileName} is ready here and is offered nowhere yet, because it shall be offered everywhere at once. {other.Site}: {Why(other, image.Id)}. "
                        + $"Mend that there, or offer it where it is ready: PATCH /api/v1/images/{image.Id} with {{\"offer\":\"asap\"}}.",
                        null,
                        image.Id,
                        since,
                        other.Site);
                }
                else if (other.IsStuck(image.Id, now) && !other.IsGivenUp(now) && view.FileOf(image) is StoreFile.Present)
                {
                    yield return new DriftView(
                        ReasonCode.WaitingForSites,
                        $"{other.Site} answers, and has come no further with {image.FileName} for {Elapsed(now - other.Incomplete[image.Id].Moved)}, so other sites do not wait for it. "
                        + $"{other.Site}: {Why(other, image.Id)}. Mend that there; `isocatalog status` there has the details.",
                        null,
                        image.Id,
                        other.Incomplete[image.Id].Moved,
                        other.Site);
                }
            }
        }
    }

    /// <summary>Images that are ready on a surface where their name still means other bytes.</summary>
    public static IEnumerable<DriftView> Names(SiteView view, DateTimeOffset now)
    {
        var taken = TakenNames.Of(view);
        return from image in view.Catalog.Live
               from surface in view.Surfaces
               let cell = view.CellOf(image.Id, surface.Name)
               where cell is { State: CellState.Staged } && now - cell.Since > Patience
               let why = taken.Why(image.Id, surface)
               where why is not null
               select new DriftView(ReasonCode.WaitingForName, $"{image.FileName}: {why}", surface.Name, image.Id, cell.Since);
    }

    private static TimeSpan Expected(CatalogImage image) => Patience + TimeSpan.FromSeconds(image.Value.Size / SlowestRate);

    private static string Why(OtherSite other, ImageId image)
    {
        if (other.Surfaces is not { } surfaces)
        {
            return "it has not said yet what it has";
        }

        var waiting = surfaces.Select(s => (s.Name, s.Problem, Cell: other.CellOf(image, s.Name))).Where(s => s.Cell is not { State: CellState.Staged or CellState.Advertised }).ToList();
        return waiting switch
        {
            [] => "it is about to be ready",
            [var first, ..] when first.Problem is { } problem => $"{first.Name} offers nothing ({problem})",
            [var first, ..] when first.Cell is { } cell => $"{first.Name} is {cell.State.ToString().ToLowerInvariant()}{(cell.Code is { } code ? $" ({code})" : "")}",
            _ when other.Holds(image) => "the bytes are there and on no surface",
            _ => "it does not have the bytes and does not say that it fetches them",
        };
    }

    private static string Owners(SiteView view, CatalogImage image)
    {
        var owners = view.Others.Values.Where(o => o.Holds(image.Id)).Select(o => o.Site).Order(StringComparer.Ordinal).ToList();
        return owners.Count == 0 ? "none that is known" : string.Join(", ", owners);
    }

    private static string Elapsed(TimeSpan span) => span.TotalHours >= 2 ? $"{span.TotalHours:N0} hours" : $"{span.TotalMinutes:N0} minutes";
}
