using IsoCatalog.Appliance.Api;
using IsoCatalog.Appliance.Keeping;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Mounts;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Web;

/// <summary>Takes what the page shows from the same views that the API answers with.</summary>
internal sealed class PageSource(SiteLedger ledger, SiteStatus status, Leases leases, RetiredKeeper retired, ViewPoint point)
{
    /// <summary>The state that <see cref="Now"/> would show; the same number means the same page, but for what moves and ages.</summary>
    public long Version => ledger.View.Version;

    public LivePage Now(PageQuery query, Words words, string? signedInAs)
    {
        var view = ledger.View;
        var wanted = view.Catalog.Live.Where(i => view.IsWanted(i.Id)).ToList();
        var ready = wanted.Where(i => IsReadyEverywhere(view, i.Id)).Select(i => i.Id).ToHashSet();
        var matching = view.Catalog.Images.Values
            .Where(i => !i.Deleted && query.Finds(i) && !(query.UnreadyOnly && ready.Contains(i.Id)))
            .OrderBy(i => ImagePosition.Of(i), ImagePosition.Sequence)
            .ToList();
        var last = Math.Max(1, (matching.Count + PageQuery.Rows - 1) / PageQuery.Rows);
        var shown = query with { Number = Math.Min(query.Number, last) };
        var now = status.Now();
        IReadOnlyList<LeaseView> held = [.. leases.All().OrderBy(l => l.Expires)];
        return new LivePage(
            now,
            shown,
            ImageViews.Of(view, [.. matching.Skip((shown.Number - 1) * PageQuery.Rows).Take(PageQuery.Rows)], point),
            matching.Count,
            wanted.Count,
            ready.Count,
            held,
            retired.List(),
            Names(view, now.Drift.Select(d => d.Image).OfType<ImageId>().Concat(held.Take(LivePage.Most).Select(l => l.Image))),
            point.Time.GetUtcNow(),
            signedInAs)
        {
            Words = words,
            Stuck = Stuck(view, now.Drift, point.Time.GetUtcNow()),
            Recalls = [.. view.Catalog.Blocks.OrderByDescending(b => b.Stamp).Select(b => ImageViews.Of(view, b))],
        };
    }

    private static bool IsReadyEverywhere(SiteView view, ImageId image) =>
        view.Surfaces.All(s => view.IsAvailable(image, s))
        && view.Others.Values.All(o => o.Surfaces is { } surfaces && surfaces.All(s => o.IsAvailable(image, s)));

    private static HashSet<(ImageId, string)> Stuck(SiteView view, IEnumerable<DriftView> drift, DateTimeOffset now) => [.. drift
        .Where(d => d.Image is not null && d.Site is not null && view.Others.GetValueOrDefault(d.Site)?.IsStuck(d.Image.Value, now) == true)
        .Select(d => (d.Image!.Value, d.Site!))];

    private static Dictionary<ImageId, string> Names(SiteView view, IEnumerable<ImageId> images) => images.Distinct()
        .Select(i => view.Catalog.Images.GetValueOrDefault(i)).OfType<CatalogImage>()
        .ToDictionary(i => i.Id, i => i.FileName);
}
