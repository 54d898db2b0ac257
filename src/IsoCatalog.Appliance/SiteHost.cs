using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Appliance.Reload;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Sync;
using IsoCatalog.Appliance.Telemetry;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;
using IsoCatalog.Surfaces.Ovirt;
using IsoCatalog.Swarm;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace IsoCatalog.Appliance;

/// <param name="OpenOnLoopback">Clients on this machine need no token; for the demo.</param>
internal sealed record SiteHostOptions(bool OpenOnLoopback = false)
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How often oVirt engines are asked.</summary>
    public EngineTiming Engines { get; init; } = new();

    /// <summary>Surfaces beside those that the configuration names; the site disposes of them.</summary>
    public IReadOnlyList<ISurface> Surfaces { get; init; } = [];

    /// <summary>Where osinfo-db is looked for.</summary>
    public IReadOnlyList<string> OsinfoFolders { get; init; } = OsinfoDatabase.UsualFolders;

    /// <summary>What the database is to be.</summary>
    public DatabaseSchema Schema { get; init; } = DatabaseSchema.Current;

    /// <summary>What is logged goes to systemd's journal.</summary>
    public bool InJournal { get; init; }

    /// <summary>Adds to the log's sinks; null logs as the configuration says.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }
}

/// <summary>A whole site: the composition root. Between <see cref="StartAsync"/> and <see cref="DisposeAsync"/> it owns its data folder alone.</summary>
internal sealed class SiteHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Stack<IDisposable> _owned;
    private readonly IReadOnlyList<ISurface> _surfaces;
    private readonly IsoListener? _listener;
    private readonly FleetListener? _fleet;
    private readonly SwarmEngine? _swarm;

    private SiteHost(
        WebApplication app,
        Stack<IDisposable> owned,
        IReadOnlyList<ISurface> surfaces,
        IsoListener? listener,
        FleetListener? fleet,
        SwarmEngine? swarm)
    {
        _swarm = swarm;
        _app = app;
        _owned = owned;
        _surfaces = surfaces;
        _listener = listener;
        _fleet = fleet;
    }

    public IServiceProvider Services => _app.Services;

    /// <summary>Where the API really listens.</summary>
    public Uri Api { get; private set; } = null!;

    public IPEndPoint? Iso => _listener?.PlainEndPoint;

    public IPEndPoint? Fleet => _fleet?.EndPoint;

    public IPEndPoint? Swarm => _swarm?.Endpoint;

    /// <summary>Reads the configuration again, and takes what can be taken; see <see cref="SiteReload"/>.</summary>
    public void Reload() => Services.GetRequiredService<SiteReload>().Run();

    /// <summary>Ends once the site was told to stop, by <see cref="Stop"/> or by a signal.</summary>
    public Task Completion => _app.WaitForShutdownAsync();

    /// <summary>Cancelled once the site was told to stop.</summary>
    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    public void Stop() => _app.Lifetime.StopApplication();

    /// <summary>Brings a site up. When it returns, everything that was available before and still is as it was is available again.</summary>
    /// <exception cref="SiteStartException">It cannot start; what was opened is closed again.</exception>
    public static async Task<SiteHost> StartAsync(SiteConfiguration configuration, SiteHostOptions options, CancellationToken cancellationToken)
    {
        var owned = new Stack<IDisposable>();
        IsoListener? listener = null;
        FleetListener? fleet = null;
        SwarmEngine? swarm = null;
        try
        {
            var folders = new SiteFolders(configuration.Data, configuration.Inbox.Path);
            var keys = Own(SiteKeys.Load(folders));
            folders.Create();
            var held = Own(FolderLock.TryTake(folders.LockFile) ?? throw new SiteStartException(
                "data-in-use",
                $"{folders.Data} is in use by another isocatalog process{(FolderLock.HolderOf(folders.LockFile) is { } pid ? $" ({pid})" : "")}. "
                + "One process at a time: stop that one, or use another data folder."));
            options = options with { Time = new SiteTime(options.Time, ClockRules.Jump) };
            var live = new LiveConfiguration(configuration);
            var certificates = new ListenerCertificates(configuration.Tls);
            var tokens = new TokenTable(configuration.Tokens);
            var builder = ApiListener.Builder(configuration, certificates.Api, tokens, logging => Sinks(logging, live, options));
            var loggers = Own(LoggerFactory.Create(logging => Sinks(logging, live, options)));
            Tighten(folders, loggers.CreateLogger<SiteHost>());
            var hasher = LeafHasher.Select(Enum.Parse<LeafHashing>(configuration.Hashing.ToString()), options.Time);
            var events = new EventLog(options.Time);
            var alarms = new SiteAlarms(events, options.Time);
            var reserve = new Reserve(folders, configuration.Store.Floor, alarms);
            var database = Own(SiteDatabase.Open(folders.Database, held, options.Schema, options.Time));
            SiteLedger? ledger = null;
            var doubts = Channel.CreateUnbounded<ImageDoubt>();
            var links = new OwnLinks();
            var routes = Own(new IsoRoutes(new IsoStoreFiles(FileIdentity.Of, PageCache.Drop, ReadBackOf, links), doubts.Writer, options.Time));

            // What is served is not known yet: nobody is told that it is gone.
            routes.Awaits = static (_, _) => true;
            var meters = Own(new ServiceCollection().AddMetrics().BuildServiceProvider()).GetRequiredService<IMeterFactory>();
            var bridge = Own(new MeterBridge(meters));
            var meter = meters.Create("IsoCatalog");
            listener = await ListenAsync(configuration, certificates, routes, meter, loggers, options.Time, cancellationToken);
            var factory = new SurfaceFactory(
                database.Tables.LoadFacts(), (name, value) => ledger!.SaveFact(name, value), keys, listener, options.Engines, options.Time, loggers);
            List<ISurface> surfaces = [.. configuration.Surfaces.Select(factory.Make), .. options.Surfaces];
            var documents = new FleetDocuments(
                configuration.Site, folders, keys.Signing, new DocumentDisk(folders, reserve, alarms), events, alarms, options.Time, loggers.CreateLogger<FleetDocuments>());
            ledger = Own(new SiteLedger(
                database,
                documents,
                surfaces.Select(s => new SurfaceStatus(
                    s.Description.Name, s.Description.Kind, s.Description.Group, s.Description.ServesStoreInode, options.Time.GetUtcNow())
                {
                    LeaseUrls = s is ILeaseUrls,
                    ShowsFiles = s.Description.Folder is not null,
                }),
                events,
                alarms,
                new ChangeLimits(configuration.Alarms.Changes, configuration.Alarms.Share),
                reserve,
                options.Time,
                loggers.CreateLogger<SiteLedger>()));
            var books = new Books(
                new CatalogBook(ledger, documents, events),
                new CellBook(ledger, events, loggers.CreateLogger<CellBook>()),
                new StoreBook(ledger, events),
                new LeaseBook(ledger, events),
                new AliasBook(ledger, documents, events),
                new DocumentBook(ledger, documents, alarms, events));
            var setbacks = new Setbacks(options.Time);
            var joined = await JoinFleetAsync();
            SiteServices.Add(
                builder.Services,
                new SiteParts(
                    configuration, options, folders, held, ledger, books, events, routes, links, doubts.Reader, surfaces, meters, bridge, meter, hasher, listener?.PlainEndPoint,
                    alarms, new DiskRoom(folders, reserve, configuration.Store.Floor), setbacks, joined, live, certificates, tokens, listener, loggers));
            var app = builder.Build();
            SiteServices.Map(app);
            SiteServices.Follow(app.Services);
            var host = new SiteHost(app, owned, surfaces, listener, fleet, swarm);
            try
            {
                await SiteServices.ResumeAsync(app.Services, cancellationToken);
                await app.StartAsync(cancellationToken);
            }
            catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException || InUse(e))
            {
                await app.DisposeAsync();
                throw new SiteStartException(
                    "port-in-use",
                    $"The API cannot listen on {configuration.Listen.Api}: another program does. Stop it, or change listen.api.",
                    e);
            }
            catch (Exception e) when (e is SocketException or UnauthorizedAccessException or IOException)
            {
                await app.DisposeAsync();
                throw new SiteStartException(
                    "cannot-listen", $"The API cannot listen on {configuration.Listen.Api} or {configuration.Socket}: {e.Message}", e);
            }

            // Nobody but the group comes as far as its folder, so nobody was early.
            File.SetUnixFileMode(configuration.Socket, SiteFolders.SocketMode);

            // A start that is refused leaves everything as it was.
            reserve.Tend();
            host.Api = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
                .First(a => !a.Contains("unix:", StringComparison.Ordinal)));
            app.Services.GetRequiredService<SiteFace>().Api = host.Api;
            return host;

            async Task<FleetParts> JoinFleetAsync()
            {
                var peers = new FleetPeers(configuration.Site, configuration.Peers);
                var figures = new FleetMetrics(meter);
                if (configuration.Listen.Fleet is not { } address)
                {
                    // Nobody can be asked.
                    books.Documents.LetSign();
                    return new FleetParts(peers, null);
                }

                var certificate = SiteKeys.RequireTls(keys, folders);
                var exchange = new FleetExchange(ledger, books.Documents, peers, certificate, figures, setbacks, options.Time, loggers);
                var answers = new FleetRoutes(books.Documents, folders, figures, options.Time, loggers.CreateLogger<FleetRoutes>()) { Notified = exchange.Heard, Called = exchange.Called };
                fleet = await FleetListener.StartAsync(address, certificate, answers, from => peers.AreAt(from, ledger.Fleet), meter, loggers, cancellationToken);
                exchange.TrustChanged = fleet.Recheck;
                documents.Clocks.Asked = exchange.AskClocksAsync;
                swarm = SwarmOf(configuration, certificate, ledger, options.Time, loggers);
                return new FleetParts(peers, new FleetLink(exchange, swarm));
            }
        }
        catch (Exception e)
        {
            if (swarm is not null)
            {
                await swarm.DisposeAsync();
            }

            if (fleet is not null)
            {
                await fleet.DisposeAsync();
            }

            if (listener is not null)
            {
                await listener.DisposeAsync();
            }

            while (owned.TryPop(out var part))
            {
                part.Dispose();
            }

            throw e is IOException or UnauthorizedAccessException
                ? new SiteStartException("data-unusable", $"{configuration.Data} cannot be used: {e.Message}", e)
                : e is IsoListenerException ? new SiteStartException("port-in-use", e.Message, e) : e;
        }

        T Own<T>(T part)
            where T : IDisposable
        {
            owned.Push(part);
            return part;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null)
        {
            await _fleet.DisposeAsync();
        }

        await _app.StopAsync();
        await _app.DisposeAsync();
        if (_swarm is not null)
        {
            await _swarm.DisposeAsync();
        }

        // Before the surfaces, which take their URLs with them: nobody is told that what he reads is gone.
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        foreach (var surface in _surfaces)
        {
            await surface.DisposeAsync();
        }

        while (_owned.TryPop(out var part))
        {
            part.Dispose();
        }
    }

    private static (Receipt Before, Receipt After) ReadBackOf(string path, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        var (before, after) = ReadBack.Of(path, bytesDone, cancellationToken);
        return (before, after);
    }

    private static async Task<IsoListener?> ListenAsync(
        SiteConfiguration configuration,
        ListenerCertificates certificates,
        IsoRoutes routes,
        Meter meter,
        ILoggerFactory loggers,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!configuration.Surfaces.Any(s => s is SurfaceConfiguration.Ipmi))
        {
            return null;
        }

        var listener = await IsoListener.StartAsync(
                new IsoListenerOptions
                {
                    Routes = routes,
                    Plain = configuration.Listen.Iso,
                    Tls = configuration.Listen.IsoTls,
                    Certificate = certificates.Iso?.TargetCertificate,
                    Expected = [.. configuration.Surfaces.OfType<SurfaceConfiguration.Ipmi>().SelectMany(surface => surface.Allow)],
                    ConnectionsPerAddress = configuration.Listen.IsoPerAddress,
                    Meter = meter,
                },
                loggers,
                time,
                cancellationToken);
        if (configuration.Listen.IsoTls is not null)
        {
            certificates.ShowIsoBy(listener.Show);
        }

        return listener;
    }

    /// <exception cref="SiteStartException">An address cannot be bound.</exception>
    private static SwarmEngine SwarmOf(
        SiteConfiguration configuration, X509Certificate2 certificate, SiteLedger ledger, TimeProvider time, ILoggerFactory loggers)
    {
        var log = loggers.CreateLogger<SwarmEngine>();
        var engine = new SwarmEngine(
            new SwarmOptions
            {
                Listen = configuration.Listen.Swarm,
                ListenPlain = configuration.Listen.Standard,
                PlainAllow = configuration.Listen.StandardAllow,
                Certificate = certificate,
                PeerName = key => ledger.Fleet.SiteOf(key),
                Streams = configuration.Fetch.Streams ?? 0,
                DownloadLimit = configuration.Fetch.Download,
                UploadLimit = configuration.Fetch.Upload,
            },
            time,
            e => Sync.Log.Swarm(log, e.Kind is SwarmEventKind.Corrupt or SwarmEventKind.Storage or SwarmEventKind.Fault ? LogLevel.Warning : LogLevel.Debug, e.Message));
        try
        {
            engine.Start();
            return engine;
        }
        catch (SocketException e)
        {
            throw new SiteStartException(
                e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "port-in-use" : "cannot-listen",
                $"The swarm cannot listen on {configuration.Listen.Swarm}{(configuration.Listen.Standard is { } plain ? $" or {plain}" : "")}: {e.Message}. "
                + "Stop the other program, or change listen.swarm or listen.standard.",
                e);
        }
    }

    private static void Tighten(SiteFolders folders, ILogger log)
    {
        try
        {
            foreach (var (path, was) in folders.Tighten())
            {
                Store.Log.Tightened(log, path, Octal(was), Octal(File.GetUnixFileMode(path)));
            }
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            throw new SiteStartException(
                "data-too-open",
                $"{folders.Data}, or something in it, is open to others and cannot be closed: {e.Message} It has lease tokens and keys in it. Give it to the site's user, or run: "
                + $"chmod -R o-rwx {folders.Data}",
                e);
        }

        static string Octal(UnixFileMode mode) => "0" + Convert.ToString((int)mode, 8);
    }

    private static void Sinks(ILoggingBuilder logging, LiveConfiguration live, SiteHostOptions options)
    {
        var configuration = live.Now;
        logging.ClearProviders();

        // Asked at each line, because it may change.
        logging.SetMinimumLevel(LogLevel.Trace);
        logging.AddFilter(level => level >= live.Now.Log.Level);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Quartz", LogLevel.Warning);
        if (options.Logging is { } custom)
        {
            custom(logging);
        }
        else
        {
            LogLines.Add(logging, configuration.Log.Format, options.InJournal);
        }

        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console =>
            console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private static bool InUse(Exception e) =>
        e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } || (e.InnerException is { } inner && InUse(inner));
}
