using System.ComponentModel;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;

namespace IsoCatalog.Appliance.Api;

/// <summary>For automation outside that changed something where a surface is, and wants it seen now.</summary>
internal static class SurfaceEndpoints
{
    public static void Map(RouteGroupBuilder api) => api.MapPost("/surfaces/{name}/refresh", RefreshAsync)
        .RequireRole(Role.Operator)
        .WithTags("operator")
        .WithSummary("Compare a surface with what should be there, now")
        .WithDescription(
            "For automation that changed something there. Of an oVirt ISO domain the engine is made to list its files anew, whether or not they are ours; calls that come "
            + "together share one refresh, and refreshes keep 15 seconds of distance, so the answer may take that long; an engine itself may take minutes.")
        .Produces<SurfaceRefreshView>()
        .Refuses(404, 502);

    private static async Task<IResult> RefreshAsync(
        [Description("The surface, by its name.")] string name,
        IReadOnlyList<SurfacePublisher> publishers,
        FileSentry sentry,
        SiteLedger ledger,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (publishers.FirstOrDefault(p => p.Name == name) is not { } publisher)
        {
            return SiteApi.Refused(new Refusal(
                RefusalCode.UnknownSurface, $"There is no surface '{name}'. Surfaces: {string.Join(", ", publishers.Select(p => p.Name))}."));
        }

        await sentry.CompareAsync(publisher, cancellationToken);
        IReadOnlyList<string>? listed = null;
        if (publisher.Surface is IEngineList engine)
        {
            var (outcome, names) = await engine.RefreshAsync(cancellationToken);
            await sentry.CompareAsync(publisher, cancellationToken);
            if (outcome is SurfaceOutcome.Refused refused)
            {
                return SiteApi.Refused(new Refusal(RefusalCode.EngineFailed, $"{refused.Code}: {refused.Reason}"));
            }

            listed = names;
        }

        return TypedResults.Json(View(ledger.View, name, listed, time.GetUtcNow()), ApiJson.Readable.SurfaceRefreshView);
    }

    private static SurfaceRefreshView View(SiteView view, string name, IReadOnlyList<string>? listed, DateTimeOffset now)
    {
        var surface = view.Surfaces.First(s => s.Name == name);
        var wanted = view.Catalog.Live.Where(i => view.IsWanted(i.Id)).OrderBy(i => i.FileName, NaturalOrder.Comparer).ToLookup(i => view.IsAvailable(i.Id, surface));
        return new SurfaceRefreshView(
            name,
            surface.Kind,
            now,
            [.. wanted[true].Select(i => i.FileName)],
            listed,
            [
                .. wanted[false].Select(i => view.CellOf(i.Id, name) is { State: not CellState.Advertised } cell
                    ? new MissingImage(i.Id, i.FileName, cell.Code ?? ReasonCode.NotYetPublished, cell.Reason ?? "It is published soon.")
                    : new MissingImage(
                        i.Id,
                        i.FileName,
                        surface.ProblemCode ?? (surface.Hindrance is null ? ReasonCode.NotYetPublished : ReasonCode.DomainInactive),
                        surface.Hindrance ?? "It is published soon.")),
            ],
            surface.DataCenters.IsEmpty ? null : surface.DataCenters);
    }
}
