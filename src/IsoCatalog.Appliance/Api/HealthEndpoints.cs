using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>Probes: alive at all, and ready to answer a panel.</summary>
internal static class HealthEndpoints
{
    /// <summary>What leaves the lists as they are, and keeps the site from taking anything new.</summary>
    private static readonly string[] Failures = [ReasonCode.DatabaseFailed, ReasonCode.DiskFull];

    /// <summary>What keeps new images from being taken up, or would take them up again and again.</summary>
    private static readonly string[] OfInbox = [ReasonCode.InboxUnlistable, ReasonCode.InboxNotEmptied];

    private const int MostOfInbox = 5;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => Results.Text("ok\n")).OpenToAll().ExcludeFromDescription();

        // The listener opens only after the list is back, so whoever gets an answer gets "ready"; a broken surface is drift, not unreadiness.
        // Without its data folder a site can promise nothing.
        app.MapGet("/readyz", (SiteLedger ledger, ImageStore store, SiteAlarms alarms, Inbox inbox, TimeProvider time) => store.Absence() is { } away
            ? Results.Text($"not ready\n{away.Code}: {away.Reason}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
            : Results.Text(
            $"ready\nimages {ledger.View.Catalog.Live.Count()}\n{string.Concat(ledger.View.Surfaces.Select(s => $"surface {s.Name} {s.ProblemCode ?? "ok"}\n"))}"
            + string.Concat(alarms.Standing.Where(a => Failures.Contains(a.Code)).Select(a => $"{a.Code}: {a.Reason}\n"))
            + string.Concat(inbox.FindingsAt(time.GetUtcNow()).Where(f => OfInbox.Contains(f.Code)).Take(MostOfInbox).Select(f => $"{f.Code}: {f.Reason}\n"))))
            .OpenToAll().ExcludeFromDescription();
    }
}
