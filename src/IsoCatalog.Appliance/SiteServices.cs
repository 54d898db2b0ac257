using System.Diagnostics.Metrics;
using System.Net;
using System.Threading.Channels;
using IsoCatalog.Appliance.Access;
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
using IsoCatalog.Appliance.Reload;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Sync;
using IsoCatalog.Appliance.Telemetry;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Appliance.Web;
using IsoCatalog.Core.Catalog;
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
    LiveConfiguration Live,
    ListenerCertificates Certificates,
    TokenTable Tokens,
    IsoListener? Listener,
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
        services.AddSingleton(configuration).AddSingleton(parts.Live).AddSingleton(parts.Options).AddSingleton(time).AddSingleton(parts);
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
        services.AddSingleton(p => new DriftReport(parts.Live, parts.Ledger, store, publishers, p.GetRequiredService<Inbox>(), parts.Alarms, setbacks, parts.Fleet.Exchange, parts.Meter, time));
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
        services.AddSingleton(new AwaitedUrls(parts.Ledger, parts.Surfaces));
        services.AddSingleton<Leases>();
        services.AddSingleton(new SiteMetrics(parts.Meter, parts.Ledger, parts.Events, time));
        services.AddSingleton(new LimitMetrics(parts.Meter, parts.Live, parts.Certificates.Ends, parts.Ledger, parts.Folders));
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
        services.AddSingleton(new SiteReload(parts.Live, parts.Certificates, parts.Alarms, parts.Events, time, loggers.CreateLogger<SiteReload>()));
        if (configuration.Tls is not { Api: null, Iso: null })
        {
            services.AddHostedService(p => new CertificateWatch(
                parts.Live, parts.Certificates, p.GetRequiredService<SiteReload>(), setbacks, time, loggers.CreateLogger<CertificateWatch>()));
        }

        SiteApi.Add(services, configuration, parts.Tokens, parts.Options.OpenOnLoopback);
        WebPages.Add(services);
    }

    private static void AddSync(IServiceCollection services, SiteParts parts, ImageStore store, SwarmEngine swarm, Setbacks setbacks)
    {
        var (ledger, time, loggers) = (parts.Ledger, parts.Options.Time, parts.Loggers);
        services.AddSingleton(swarm).AddSingleton(new SwarmMetrics(parts.Meter, swarm, ledger));
        var torrents = new TorrentSource(ledger, parts.Folders, parts.Fleet.Exchange!, loggers.CreateLogger<TorrentSource>());
        services.AddHostedService(_ => new SwarmUpkeep(swarm, ledger, parts.Fleet.Peers, parts.Live, setbacks, time, loggers.CreateLogger<SwarmUpkeep>()));
        services.AddHostedService(_ => new Seeding(ledger, store, swarm, torrents, setbacks, time, loggers.CreateLogger<Seeding>()));
        services.AddHostedService(_ => new Fetcher(ledger, parts.Books.Store, store, swarm, torrents, parts.Room, setbacks, time, loggers.CreateLogger<Fetcher>()));
        services.AddHostedService(_ => new HoldingsPublisher(ledger, parts.Books.Documents, parts.Folders, setbacks, time, loggers.CreateLogger<HoldingsPublisher>()));
    }

    /// <summary>What is told when another configuration holds; everything else asks <see cref="LiveConfiguration"/> when it needs to know.</summary>
    public static void Follow(IServiceProvider services)
    {
        var parts = services.GetRequiredService<SiteParts>();
        var available = services.GetRequiredService<Availability>();
        parts.Live.Replaced = site =>
        {
            parts.Tokens.Replace(site.Tokens);
            parts.Room.Floor = site.Store.Floor;
            parts.Room.Reserve.Floor = site.Store.Floor;
            parts.Ledger.Limits = new ChangeLimits(site.Alarms.Changes, site.Alarms.Share);
            parts.Listener?.Admit([.. site.Surfaces.OfType<SurfaceConfiguration.Ipmi>().SelectMany(surface => surface.Allow)], site.Listen.IsoPerAddress);
            foreach (var ipmi in site.Surfaces.OfType<SurfaceConfiguration.Ipmi>())
            {
                parts.Surfaces.OfType<IpmiSurface>().First(surface => surface.Description.Name == ipmi.Name).Allow(ipmi.Allow);
            }

            available.Forget();
        };
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
        services.GetRequiredService<SiteParts>().Routes.Awaits = services.GetRequiredService<AwaitedUrls>().Awaits;
        services.GetRequiredService<DriftReport>().LookForOrphans();
    }
}
