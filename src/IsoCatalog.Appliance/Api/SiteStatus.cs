using System.Net;
using System.Reflection;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Keeping;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Sync;
using IsoCatalog.Client;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Api;

/// <summary>The site at a glance, as the API and the live page show it.</summary>
internal sealed class SiteStatus(
    SiteConfiguration configuration,
    SiteFolders folders,
    FleetParts fleet,
    IReadOnlyList<ISurface> surfaces,
    LeafHasher hasher,
    SiteLedger ledger,
    IngestQueue queue,
    AliasMover mover,
    DriftReport drift,
    RetiredKeeper retired,
    SiteFace face,
    TimeProvider time)
{
    public static string Version { get; } =
        typeof(SiteStatus).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public StatusView Now()
    {
        var view = ledger.View;
        var transfers = TransferViews.Of(view, fleet.Link?.Swarm);
        var free = FreeSpace.Of(folders.Data).AvailableBytes;
        return new StatusView(
            configuration.Site,
            Version,
            face.Started,
            face.Api?.GetLeftPart(UriPartial.Authority) ?? configuration.Listen.Api.ToString(),
            face.Iso?.ToString(),
            folders.Data,
            free,
            view.Catalog.Live.Count(),
            retired.List().Count,
            view.Leases.Count,
            hasher.Way.ToString().ToLowerInvariant(),
            SiteDatabase.LibraryVersion,
            [.. view.Surfaces.Select((s, i) => Surface(view, s, surfaces[i].Description.Folder))],
            [.. JobViews.Of(mover, queue).Where(j => j.State == "running")],
            drift.Now().Drift,
            SiteStandings.Of(view, ledger.Fleet, fleet.Exchange?.Peers, free, time.GetUtcNow()),
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
