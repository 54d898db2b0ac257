using System.Diagnostics.Metrics;
using System.Net;
using System.Threading.Channels;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Jobs;
using IsoCatalog.Appliance.Keeping;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Mounts;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Sync;
using IsoCatalog.Appliance.Telemetry;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Appliance.Web;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;
using IsoCatalog.Swarm;

namespace IsoCatalog.Appliance;

/// <summary>What is opened before the services are wired, because each step may refuse to start.</summary>
internal sealed record SiteParts(
    SiteConfiguration Configuration,
    SiteHostOptions Options,
    SiteFolders Folders,
    FolderLock Lock,
    SiteLedger Ledger,
    Books Books,
    EventLog Events,
    IsoRoutes Routes,
    OwnLinks Links,
    ChannelReader<ImageDoubt> ListenerDoubts,
    IReadOnlyList<ISurface> Surfaces,
    IMeterFactory Meters,
    MeterBridge Bridge,
    Meter Meter,
    LeafHasher Hasher,
    IPEndPoint? Iso,
    SiteAlarms Alarms,
    DiskRoom Room,
    Setbacks Setbacks,
    FleetParts Fleet,
    ILoggerFactory Loggers);

/// <summary>The parts of the ledger, each for whoever may write it.</summary>
internal sealed record Books(CatalogBook Catalog, CellBook Cells, StoreBook Store, LeaseBook Leases, AliasBook Aliases, DocumentBook Documents);

/// <summary>Who gets whom: the wiring of a site's rooms.</summary>
internal static class SiteServices
{
    public static void Add(IServiceCollection services, SiteParts parts)
    {
        var (configuration, time, loggers) = (parts.Configuration, parts.Options.Time, parts.Loggers);
        var store = new ImageStore(parts.Folders, parts.Lock);
        var (books, setbacks) = (parts.Books, parts.Setbacks);
        var doubts = new Doubts(parts.Ledger, books.Cells, books.Store, store, parts.Routes, parts.Links, loggers.CreateLogger<Doubts>());
        IReadOnlyList<SurfacePublisher> publishers =
        [
            .. parts.Surfaces.Select(s => new SurfacePublisher(
                s, parts.Ledger, books.Cells, store, doubts, configuration.Offer == OfferPolicy.Together, setbacks, time, loggers.CreateLogger<SurfacePublisher>())),
        ];
        var unwatched = new UnwatchedFolders(parts.Alarms);
        services.AddSingleton(configuration).AddSingleton(parts.Options).AddSingleton(time).AddSingleton(parts);
        services.AddSingleton(books.Catalog).AddSingleton(books.Store).AddSingleton(books.Leases).AddSingleton(books.Documents);
        services.AddSingleton(parts.Folders).AddSingleton(parts.Ledger).AddSingleton(parts.Events).AddSingleton(parts.Surfaces);
        services.AddSingleton(parts.Meters).AddSingleton(parts.Meter).AddSingleton(parts.Bridge);
        services.AddSingleton(store).AddSingleton(parts.Hasher).AddSingleton(doubts).AddSingleton(publishers).AddSingleton(setbacks);
        services.AddSingleton(parts.Room.Reserve).AddSingleton(new FileRoom(parts.Alarms));
        services.AddSingleton(new Ingest(
            parts.Folders, store, parts.Ledger, books.Catalog, parts.Room, time, new IngestMetrics(parts.Meter),
            new OsinfoDatabase(parts.Options.OsinfoFolders, loggers.CreateLogger<OsinfoDatabase>()), books.Documents.MaySign, loggers.CreateLogger<Ingest>()));
        services.AddSingleton<IngestQueue>();
        services.AddSingleton(p => new Inbox(
            configuration.Inbox.Path, p.GetRequiredService<IngestQueue>(), parts.Ledger, unwatched, setbacks, time, loggers.CreateLogger<Inbox>()));
        services.AddSingleton(p => new DriftReport(configuration.Site, configuration.Offer == OfferPolicy.Together, configuration.Alarms.NewPerDay, parts.Ledger, store, publishers, p.GetRequiredService<Inbox>(), parts.Alarms, setbacks, parts.Fleet.Exchange, parts.Meter, time));
        services.AddSingleton(p => new Availability(configuration.Site, parts.Ledger, store, parts.Surfaces));
        services.AddSingleton(p => new Elsewhere(configuration.Site, parts.Ledger, p.GetRequiredService<Availability>(), time));
        services.AddSingleton(new ViewPoint(configuration.Site, configuration.Offer == OfferPolicy.Together, time));
        services.AddSingleton(new SiteFace(time.GetUtcNow()) { Iso = parts.Iso });
        services.AddSingleton(parts.Alarms).AddSingleton(parts.Fleet).AddSingleton(parts.Fleet.Peers);
        if (parts.Fleet.Exchange is { } exchange)
        {
            services.AddSingleton(exchange);
            services.AddHostedService(_ => exchange);
        }

        if (parts.Fleet.Link is { Swarm: var swarm })
        {
            AddSync(services, parts, store, swarm, setbacks);
        }

        services.AddHostedService(_ => new RootKeyWatch(configuration, parts.Folders, parts.Alarms, setbacks, time, loggers.CreateLogger<RootKeyWatch>()));
        services.AddSingleton<LeaseRoutes>();
        services.AddSingleton<Leases>();
        services.AddSingleton(new SiteMetrics(parts.Meter, parts.Ledger, parts.Events, time));
        services.AddSingleton(new LimitMetrics(parts.Meter, configuration, parts.Ledger, parts.Folders));
        services.AddSingleton(new EngineMetrics(parts.Meter, parts.Surfaces));
        services.AddSingleton(_ => new AliasMover(configuration.Site, parts.Ledger, books.Aliases, setbacks, time, loggers.CreateLogger<AliasMover>()));
        services.AddHostedService(p => p.GetRequiredService<AliasMover>());
        services.AddSingleton<RetiredKeeper>();
        services.AddSingleton<Scrub>();

        services.AddHostedService(_ => new Confirmation(parts.Ledger, books.Store, store, parts.Events, setbacks, time, loggers.CreateLogger<Confirmation>()));
        services.AddHostedService(_ => new StoreKeeper(parts.Ledger, books.Store, store, setbacks, time, loggers.CreateLogger<StoreKeeper>()));
        foreach (var publisher in publishers)
        {
            // Not AddHostedService: it registers one of a type, and each surface has its own.
            services.AddSingleton<IHostedService>(publisher);
        }

        services.AddSingleton(_ => new FileSentry(parts.Ledger, store, doubts, publishers, parts.Events, unwatched, setbacks, time, loggers.CreateLogger<FileSentry>()));
        services.AddHostedService(p => p.GetRequiredService<FileSentry>());
        services.AddHostedService(_ => new ListenerDoubts(parts.ListenerDoubts, doubts, setbacks, time, loggers.CreateLogger<ListenerDoubts>()));
        services.AddHostedService(p => p.GetRequiredService<LeaseRoutes>());
        services.AddHostedService(p => p.GetRequiredService<Inbox>());
        SiteJobs.Add(services, configuration, publishers, time);
        SiteApi.Add(services, configuration, parts.Options.OpenOnLoopback);
        WebPages.Add(services);
    }

    private static void AddSync(IServiceCollection services, SiteParts parts, ImageStore store, SwarmEngine swarm, Setbacks setbacks)
    {
        var (configuration, ledger, time, loggers) = (parts.Configuration, parts.Ledger, parts.Options.Time, parts.Loggers);
        services.AddSingleton(swarm).AddSingleton(new SwarmMetrics(parts.Meter, swarm, ledger));
        var torrents = new TorrentSource(ledger, parts.Folders, parts.Fleet.Exchange!, loggers.CreateLogger<TorrentSource>());
        services.AddHostedService(_ => new SwarmUpkeep(swarm, ledger, parts.Fleet.Peers, configuration.Fetch, setbacks, time, loggers.CreateLogger<SwarmUpkeep>()));
        services.AddHostedService(_ => new Seeding(ledger, store, swarm, torrents, setbacks, time, loggers.CreateLogger<Seeding>()));
        services.AddHostedService(_ => new Fetcher(ledger, parts.Books.Store, store, swarm, torrents, parts.Room, setbacks, time, loggers.CreateLogger<Fetcher>()));
        services.AddHostedService(_ => new HoldingsPublisher(ledger, parts.Books.Documents, parts.Folders, setbacks, time, loggers.CreateLogger<HoldingsPublisher>()));
    }

    public static void Map(WebApplication app)
    {
        SiteApi.Map(app);
        WebPages.Map(app);
    }

    /// <summary>Before anybody can ask: what was advertised is looked at, and shown again where nothing changed.</summary>
    public static async Task ResumeAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var store = services.GetRequiredService<ImageStore>();
        store.CleanStaging(services.GetRequiredService<SiteLedger>().View, services.GetRequiredService<ILogger<ImageStore>>());
        services.GetRequiredService<DocumentBook>().Restate();
        services.GetRequiredService<Doubts>().StatStore(cancellationToken);
        await Task.WhenAll(services.GetRequiredService<IReadOnlyList<SurfacePublisher>>().Select(p => p.ResumeAsync(cancellationToken)));

        services.GetRequiredService<LeaseRoutes>().Apply();
        services.GetRequiredService<DriftReport>().LookForOrphans();
    }
}
