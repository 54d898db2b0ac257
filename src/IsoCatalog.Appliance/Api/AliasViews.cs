using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>Aliases as the API shows them. Pure.</summary>
internal static class AliasViews
{
    public static IReadOnlyList<AliasView> All(SiteView view, ViewPoint point) =>
        [.. view.Catalog.Aliases.Keys.Union(view.AliasMoves.Keys).Order(NaturalOrder.Comparer).Select(a => Of(view, a, point)).OfType<AliasView>()];

    /// <returns>Null when there is no such alias, and none that waits for its first image.</returns>
    public static AliasView? Of(SiteView view, string alias, ViewPoint point)
    {
        var waiting = view.AliasMoves.GetValueOrDefault(alias) is { } move ? Of(view, move, point) : null;
        if (view.Catalog.AliasOf(alias) is not { Deleted: false } entry)
        {
            return waiting is null ? null : new AliasView(alias, null, null, null, null, [], null, null, null, waiting);
        }

        var target = view.Catalog.Images.GetValueOrDefault(entry.Target);
        return new AliasView(
            alias,
            entry.Target,
            target?.FileName,
            target is null ? ReasonCode.Removed
                : target.Deleted ? ReasonCode.Removed
                : target.Blocked ? ReasonCode.Blocked
                : target.Meta.Hidden ? ReasonCode.Hidden
                : view.IsWanted(target.Id) ? null : ReasonCode.Disputed,
            target is null ? "No site that counts has put this image into the catalog." : view.WhyUnwanted(target.Id),
            [.. entry.Former.Select(f => new FormerTarget(f, view.Catalog.Images.GetValueOrDefault(f)?.FileName, view.Catalog.Images.GetValueOrDefault(f) is { IsVisible: true }))],
            entry.By,
            entry.Stamp.Site,
            DateTimeOffset.FromUnixTimeMilliseconds(entry.Stamp.Ms),
            waiting);
    }

    private static AliasWait Of(SiteView view, AliasMove move, ViewPoint point) => new(
        move.Image,
        view.Catalog.Images.GetValueOrDefault(move.Image)?.FileName,
        move.KeepVersions,
        move.By,
        move.Since,
        move.Job,
        [.. AliasPlan.WaitsFor(view, point.Site, move.Image, point.Time.GetUtcNow()).Select(h => new AliasWaitsFor(h.Site, h.Surface, h.Code, h.Reason))]);
}
