using System.Net;
using System.Reflection;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Keeping;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Api;

/// <summary>The site at a glance, as the API and the live page show it.</summary>
internal sealed class SiteStatus(
    SiteParts parts, SiteLedger ledger, IngestQueue queue, AliasMover mover, DriftReport drift, RetiredKeeper retired, SiteFace face, TimeProvider time)
{
    public static string Version { get; } =
        typeof(SiteStatus).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public StatusView Now()
    {
        var view = ledger.View;
        var transfers = TransferViews.Of(view, parts.Fleet.Link?.Swarm);
        var free = FreeSpace.Of(parts.Folders.Data).AvailableBytes;
        return new StatusView(
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
            SiteDatabase.LibraryVersion,
            [.. view.Surfaces.Select((s, i) => Surface(view, s, parts.Surfaces[i].Description.Folder))],
            [.. mover.Jobs.Concat(queue.Jobs).Where(j => j.State == "running")],
            drift.Now().Drift,
            SiteStandings.Of(view, ledger.Fleet, parts.Fleet.Exchange?.Peers, free, time.GetUtcNow()),
            transfers.Transfers,
            transfers.Uploads);
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
