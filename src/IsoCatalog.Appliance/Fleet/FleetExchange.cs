using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Upkeep;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>Keeps the site's documents and those of the others the same everywhere: one <see cref="PeerExchange"/> for each peer, started and ended as the
/// peers change.</summary>
internal sealed class FleetExchange(
    SiteLedger ledger,
    DocumentBook documents,
    FleetPeers peers,
    X509Certificate2 certificate,
    FleetMetrics metrics,
    Setbacks setbacks,
    TimeProvider time,
    ILoggerFactory loggers) : LastingLoop(new Restarts("Exchanging documents with other sites", setbacks, time, loggers.CreateLogger<FleetExchange>()))
{
    /// <summary>So long does a site that was started wait for what the others have of it; then it works alone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ClockPatience = TimeSpan.FromSeconds(2);

    private readonly ILogger _log = loggers.CreateLogger<FleetExchange>();
    private bool _measured;
    private ImmutableSortedDictionary<string, Running> _running = ImmutableSortedDictionary<string, Running>.Empty;

    /// <summary>How it stands with each peer, in the order of their ids.</summary>
    public IReadOnlyList<PeerStatus> Peers => [.. _running.Values.Select(r => r.Exchange.Status)];

    /// <summary>The typed connection to a peer, for whoever wants more of it than documents; null when it is none.</summary>
    public PeerClient? ClientOf(string site) => _running.GetValueOrDefault(site)?.Exchange.Client;

    /// <summary>Asks every peer that answered lately for its clock, all at once and not for long. One that is out of reach is asked again and again anyway.</summary>
    public async Task AskClocksAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ClockPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await Task.WhenAll(_running.Values.Select(r => r.Exchange.AskClockAsync(either.Token)));
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Called after each change of the trust document; must not wait.</summary>
    public Action? TrustChanged { get; set; }

    /// <summary>A peer asks or tells something.</summary>
    public void Called(string site) => _running.GetValueOrDefault(site)?.Exchange.Called();

    /// <summary>A peer says what it has.</summary>
    public void Heard(string site, FleetState state) => _running.GetValueOrDefault(site)?.Exchange.Heard(state);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        if (!_measured)
        {
            Measure();
            _measured = true;
        }

        var changes = ledger.Signal();
        peers.Replaced = () => Apply(stoppingToken);
        Apply(stoppingToken);
        var patience = LetSignAsync(stoppingToken);
        var (trust, version) = (ledger.Fleet.TrustVersion, -1L);
        try
        {
            await foreach (var _ in changes.ReadAllAsync(stoppingToken))
            {
                var fleet = ledger.Fleet;
                if (fleet.Version == version)
                {
                    continue;
                }

                version = fleet.Version;
                if (fleet.TrustVersion != trust)
                {
                    trust = fleet.TrustVersion;
                    TrustChanged?.Invoke();
                    Apply(stoppingToken);
                    foreach (var (_, running) in _running)
                    {
                        running.Exchange.Recheck();
                    }
                }

                foreach (var (_, running) in _running)
                {
                    running.Exchange.Tell();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end.
        }
        finally
        {
            peers.Replaced = null;
            var running = _running.Values;
            _running = _running.Clear();
            await Task.WhenAll(running.Select(r => r.EndAsync()));
            await patience;
        }
    }

    private async Task LetSignAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAny(documents.MaySign, Task.Delay(Patience, time, stoppingToken));
        if (!stoppingToken.IsCancellationRequested && !documents.MaySign.IsCompleted)
        {
            documents.LetSign();
        }
    }

    /// <summary>Everybody who could know what this site said before was asked.</summary>
    private void Answered()
    {
        bool all;
        lock (peers)
        {
            all = !documents.MaySign.IsCompleted && _running.Values.All(r => r.Exchange.HasAnswered);
        }

        if (all)
        {
            documents.LetSign();
        }
    }

    private void Measure()
    {
        metrics.Meter.CreateObservableGauge("isocatalog.fleet.peer.up", () => Gauge(p => p.ReachableSince is null ? 0 : 1), description: "1 while the peer answers.");
        metrics.Meter.CreateObservableGauge(
            "isocatalog.fleet.peer.last.exchange",
            () => Gauge(p => p.LastExchange?.ToUnixTimeMilliseconds() / 1000.0 ?? 0),
            "s",
            "When everything that the peer had was last seen to be here, seconds since the Unix epoch.");
        metrics.Meter.CreateObservableGauge(
            "isocatalog.fleet.peer.clock.offset", () => Gauge(p => p.ClockOffset?.TotalSeconds ?? 0), "s", "The peer's clock minus this site's.");
        metrics.Meter.CreateObservableGauge("isocatalog.fleet.peer.round.trip", () => Gauge(p => p.RoundTrip?.TotalSeconds ?? 0), "s", "A question and its answer.");
        metrics.Meter.CreateObservableGauge("isocatalog.fleet.trust.version", () => ledger.Fleet.TrustVersion, description: "Of the trust document.");
    }

    /// <summary>Starts what is missing and ends what is no peer any more, or is one elsewhere.</summary>
    private void Apply(CancellationToken stoppingToken)
    {
        lock (peers)
        {
            var wanted = peers.Effective(ledger.Fleet);
            foreach (var (site, running) in _running)
            {
                if (!wanted.Contains(running.Exchange.Peer))
                {
                    _running = _running.Remove(site);
                    _ = running.EndAsync();
                }
            }

            var started = wanted.Where(p => !_running.ContainsKey(p.Site)).ToList();
            foreach (var peer in started)
            {
                _running = _running.Add(peer.Site, Start(peer, stoppingToken));
            }

            if (started.Count > 0)
            {
                Log.Peers(_log, string.Join(", ", wanted.Select(p => $"{p.Site} at {p.Fleet.Host}:{p.Fleet.Port}")));
            }
        }

        Answered();
    }

    private Running Start(PeerConfiguration peer, CancellationToken stoppingToken)
    {
        var client = new PeerClient(peer.Site, peer.Fleet, certificate, key => ledger.Fleet.SiteOf(key), time);
        var exchange = new PeerExchange(peer, client, documents, metrics, Answered, time, loggers.CreateLogger<PeerExchange>());
        var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        exchange.Tell();
        return new Running(exchange, stop, exchange.RunAsync(stop.Token));
    }

    private IEnumerable<Measurement<double>> Gauge(Func<PeerStatus, double> value) =>
        Peers.Select(p => new Measurement<double>(value(p), new KeyValuePair<string, object?>("peer", p.Site)));

    private sealed record Running(PeerExchange Exchange, CancellationTokenSource Stop, Task Task)
    {
        public async Task EndAsync()
        {
            await Stop.CancelAsync();
            try
            {
                await Task;
            }
            catch (OperationCanceledException)
            {
                // As asked.
            }

            Exchange.Dispose();
            Stop.Dispose();
        }
    }
}
