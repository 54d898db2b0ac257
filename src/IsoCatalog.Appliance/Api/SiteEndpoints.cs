using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Keeping;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Sync;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Api;

/// <summary>What an operator looks at.</summary>
internal static class SiteEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var site = api.MapGroup("").WithTags("operator").RequireRole(Role.Operator);
        site.MapGet("/status", (SiteStatus status) => TypedResults.Json(status.Now(), ApiJson.Readable.StatusView)).WithSummary("The site at a glance").Produces<StatusView>();
        site.MapGet("/sites", Sites).WithSummary("Every active site of the fleet, as this one sees it").Produces<SiteList>();
        site.MapGet("/transfers", (SiteLedger ledger, FleetParts fleet) =>
                TypedResults.Json(TransferViews.Of(ledger.View, fleet.Link?.Swarm), ApiJson.Readable.TransferList))
            .WithSummary("What comes from other sites and goes to them").Produces<TransferList>();
        site.MapGet("/jobs", (IngestQueue queue, AliasMover mover) => TypedResults.Json(new JobList([.. JobViews.Of(mover, queue)]), ApiJson.Readable.JobList))
            .WithSummary("Aliases that wait, adds that run, and the last hundred of each that ended").Produces<JobList>();
        site.MapGet("/jobs/{id}", (string id, IngestQueue queue, AliasMover mover) => JobViews.Find(id, mover, queue) is { } job
                ? TypedResults.Json(job, ApiJson.Readable.JobView)
                : SiteApi.Refused(new Refusal(RefusalCode.NotFound, $"There is no job '{id}'; the last hundred that ended are kept until a restart.")))
            .WithSummary("One job").Produces<JobView>().Refuses(404);
        site.MapGet("/drift", (DriftReport drift) => TypedResults.Json(drift.Now(), ApiJson.Readable.DriftList))
            .WithSummary("What is not as it should be, and what to do").Produces<DriftList>();
        site.MapPost("/drift/database-lost/confirm", (LeaseBook leases) => SiteApi.Answer(leases.SettleForgotten(), settled => settled
                ? Results.NoContent()
                : SiteApi.Refused(new Refusal(RefusalCode.NotFound, "There is nothing to confirm: the site knows its leases."))))
            .WithSummary("Say that the leases which a lost database held are over")
            .WithDescription("Until then no removed image is retired or evicted.").Produces(204).Refuses(404);
        foreach (var code in SiteAlarms.Acknowledged)
        {
            site.MapPost($"/drift/{code}/confirm", (DocumentBook documents) => SiteApi.Answer(documents.Acknowledge(code), acknowledged => acknowledged
                    ? Results.NoContent()
                    : SiteApi.Refused(new Refusal(RefusalCode.NotFound, $"There is nothing to confirm: {code} does not stand here."))))
                .WithSummary($"Say that somebody has seen to {code}")
                .WithDescription("Until then it stands in the drift of this site, over restarts too.").Produces(204).Refuses(404);
        }

        site.MapGet("/retired", (RetiredKeeper retired) => TypedResults.Json(new RetiredList(retired.List()), ApiJson.Readable.RetiredList))
            .WithSummary("Removed images that can be restored").Produces<RetiredList>();
    }

    private static IResult Sites(SiteLedger ledger, SiteFolders folders, FleetParts fleet, TimeProvider time)
    {
        var (snapshot, now) = (ledger.Fleet, time.GetUtcNow());
        return TypedResults.Json(
            new SiteList(
                snapshot.Site,
                now,
                SiteStandings.Of(ledger.View, snapshot, fleet.Exchange?.Peers, FreeSpace.Of(folders.Data).AvailableBytes, now)),
            ApiJson.Readable.SiteList);
    }
}
