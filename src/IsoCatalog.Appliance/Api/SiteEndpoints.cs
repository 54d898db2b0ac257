using System.Net;
using System.Reflection;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Appliance.Storage;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Api;

/// <summary>What an operator looks at.</summary>
internal static class SiteEndpoints
{
    public static string Version { get; } =
        typeof(SiteEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static void Map(RouteGroupBuilder api)
    {
        var site = api.MapGroup("").WithTags("operator").RequireRole(Role.Operator);
        site.MapGet("/status", Status).WithSummary("The site at a glance").Produces<StatusView>();
        site.MapGet("/sites", Sites).WithSummary("Every active site of the fleet, as this one sees it").Produces<SiteList>();
        site.MapGet("/transfers", (SiteLedger ledger, FleetParts fleet) =>
                TypedResults.Json(TransferViews.Of(ledger.View, fleet.Link?.Swarm), ApiJson.Default.TransferList))
            .WithSummary("What comes from other sites and goes to them").Produces<TransferList>();
        site.MapGet("/jobs", (IngestQueue queue) => TypedResults.Json(new JobList([.. queue.Jobs]), ApiJson.Default.JobList))
            .WithSummary("Adds that run, and the last hundred that ended").Produces<JobList>();
        site.MapGet("/jobs/{id}", (string id, IngestQueue queue) => queue.Find(id) is { } job
                ? TypedResults.Json(job, ApiJson.Default.JobView)
                : SiteApi.Refused(new Refusal(RefusalCode.NotFound, $"There is no job '{id}'; the last hundred that ended are kept until a restart.")))
            .WithSummary("One job").Produces<JobView>().Refuses(404);
        site.MapGet("/drift", (DriftReport drift) => TypedResults.Json(drift.Now(), ApiJson.Default.DriftList))
            .WithSummary("What is not as it should be, and what to do").Produces<DriftList>();
        site.MapPost("/drift/database-lost/confirm", (SiteLedger ledger) => ledger.SettleForgottenLeases()
                ? Results.NoContent()
                : SiteApi.Refused(new Refusal(RefusalCode.NotFound, "There is nothing to confirm: the site knows its leases.")))
            .WithSummary("Say that the leases which a lost database held are over")
            .WithDescription("Until then no removed image is retired or evicted.").Produces(204).Refuses(404);
        site.MapGet("/retired", (RetiredKeeper retired) => TypedResults.Json(new RetiredList(retired.List()), ApiJson.Default.RetiredList))
            .WithSummary("Removed images that can be restored").Produces<RetiredList>();
    }

    private static IResult Status(
        SiteParts parts, SiteLedger ledger, IngestQueue queue, DriftReport drift, RetiredKeeper retired, SiteFace face, TimeProvider time)
    {
        var view = ledger.View;
        var transfers = TransferViews.Of(view, parts.Fleet.Link?.Swarm);
        var free = FreeSpace.Of(parts.Folders.Data).AvailableBytes;
        return TypedResults.Json(
            new StatusView(
                parts.Configuration.Site,
                Version,
                face.Started,
                face.Api?.GetLeftPart(UriPartial.Authority) ?? parts.Configuration.Listen.Api.ToString(),
                face.Iso?.ToString(),
                parts.Folders.Data,
                free,
                view.Catalog.Live.Count(),
                retired.List().Count,
                view.Leases.Count,
                parts.Hasher.Way.ToString().ToLowerInvariant(),
                SqliteLibrary.Version,
                [.. view.Surfaces.Select((s, i) => Surface(view, s, parts.Surfaces[i].Description.Folder))],
                [.. queue.Jobs.Where(j => j.State == "running")],
                drift.Now().Drift,
                SiteStandings.Of(view, ledger.Fleet, parts.Fleet.Exchange?.Peers, free, time.GetUtcNow()),
                transfers.Transfers,
                transfers.Uploads),
            ApiJson.Default.StatusView);
    }

    private static IResult Sites(SiteLedger ledger, SiteFolders folders, FleetParts fleet, TimeProvider time)
    {
        var (snapshot, now) = (ledger.Fleet, time.GetUtcNow());
        return TypedResults.Json(
            new SiteList(
                snapshot.Site,
                now,
                SiteStandings.Of(ledger.View, snapshot, fleet.Exchange?.Peers, FreeSpace.Of(folders.Data).AvailableBytes, now)),
            ApiJson.Default.SiteList);
    }

    private static SurfaceView Surface(SiteView view, SurfaceStatus surface, string? folder) => new(
        surface.Name,
        surface.Kind,
        surface.Group,
        view.Catalog.Live.Count(i => view.IsAvailable(i.Id, surface)),
        view.Catalog.Live.Count(i => view.IsWanted(i.Id)),
        surface.Hindrance,
        folder,
        surface.DataCenters.IsEmpty ? null : surface.DataCenters);
}

/// <summary>How the site stands in the world since it was started: where it really listens, which port 0 leaves to the system.</summary>
internal sealed class SiteFace(DateTimeOffset started)
{
    public DateTimeOffset Started => started;

    public IPEndPoint? Iso { get; init; }

    /// <summary>Known once the listener is open.</summary>
    public Uri? Api { get; set; }
}
