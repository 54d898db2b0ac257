using System.Diagnostics;
using System.Globalization;
using IsoCatalog.Client;
using IsoCatalog.Testing;
using IsoCatalog.Testing.Wan;

namespace IsoCatalog.Benchmarks.Fleet;

/// <summary>
/// One site has an image and eight want it: nine real sites, each with a namespace and a port of 200 Mbit/s each way on one switch. The clock runs from
/// when the first site has signed it until the BMC lists of all eight have it. Sent eight times by one it would take eight times the time of one copy.
/// </summary>
internal sealed class FanOutRow : BenchmarkRow
{
    private const int Receivers = 8;
    private const double PortMegabits = 200;

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly List<IAsyncDisposable> _parts = [];
    private readonly List<IApplianceClient> _clients = [];
    private TestFleet? _fleet;
    private int _length;
    private int _runs;

    public override string Name => "fan-out";

    public override string What => "an image at one site, until eight others list it; 200 Mbit/s each";

    public override string PeerName => "one copy at the speed of one port";

    public override string Unit => "s";

    public override double? Target => 1 / 1.3;

    public override bool LowerIsBetter => true;

    public override bool OnlyByName => true;

    public override int Runs(bool quick) => quick ? 1 : 3;

    public override async Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken)
    {
        if (NetNamespace.Lacks is { } missing)
        {
            throw new BenchmarkException(missing);
        }

        _length = (folder.Quick ? 128 : 512) << 20;
        string[] names = [.. Enumerable.Range(0, 1 + Receivers).Select(i => $"site-{i}")];
        var hosts = await SwitchedAsync(names, cancellationToken);
        _fleet = await TestFleet.PrepareAsync(
            new TestSiteOptions
            {
                OwnProcess = true,
                FleetHost = "0.0.0.0",
                Surfaces = """  - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }""",
                Extra = "store: { floor: 64MiB }",
            },
            cancellationToken,
            names);
        _parts.Insert(0, _fleet);
        foreach (var (site, host) in _fleet.Sites.Zip(hosts))
        {
            await site.StartAgainAsync(cancellationToken, host.Wrapper);
            _clients.Add(ApplianceClient.OverSocket(site.Socket));
        }

        PeerAddress[] peers = [.. _fleet.Sites.Select((site, i) => new PeerAddress(site.Id, At(i, site.FleetAddress!), At(i, site.SwarmAddress!)))];
        foreach (var site in _fleet.Sites)
        {
            await site.SetPeersAsync(peers.Where(p => p.Site != site.Id), cancellationToken);
        }

        // Everything is compiled and every connection made once.
        await OursAsync(cancellationToken);
    }

    public override async Task<double> OursAsync(CancellationToken cancellationToken)
    {
        var name = $"run-{++_runs}.iso";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var bytes = new MemoryStream(IsoBuilder.InMemory("FANNED", _length - (64 << 10), _runs));
        var id = (await _clients[0].UploadImageAsync(bytes, name, null, null, null, limit.Token)).Id;
        var watch = Stopwatch.StartNew();
        foreach (var client in _clients.Skip(1))
        {
            while ((await client.GetAvailableAsync(new AvailableRequest("bmc"), limit.Token)).Images.All(i => i.Id != id))
            {
                await Task.Delay(Glance, limit.Token);
            }
        }

        var seconds = watch.Elapsed.TotalSeconds;
        await _clients[0].RemoveImageAsync(name, "measured", limit.Token);
        return seconds;
    }

    public override Task<double> PeerAsync(CancellationToken cancellationToken) => Task.FromResult(_length * 8d / (PortMegabits * 1e6));

    public override async Task FinishAsync()
    {
        _clients.ForEach(c => c.Dispose());
        foreach (var part in _parts)
        {
            await part.DisposeAsync();
        }
    }

    /// <summary>The kernel's own bridge and token buckets: they cost next to nothing, and the sites need the processors.</summary>
    private async Task<IReadOnlyList<NetNamespace>> SwitchedAsync(string[] names, CancellationToken cancellationToken)
    {
        var hub = await NetNamespace.CreateAsync("switch", cancellationToken);
        _parts.Add(hub);
        await DoAsync(hub, "ip link add name switch up type bridge");
        var hosts = new List<NetNamespace>();
        for (var i = 0; i < names.Length; i++)
        {
            var host = await NetNamespace.CreateAsync(names[i], cancellationToken);
            _parts.Insert(0, host);
            hosts.Add(host);
            await DoAsync(hub, $"ip link add name port{i} type veth peer name uplink netns {host.Name}");
            await DoAsync(hub, $"ip link set port{i} master switch up");
            await DoAsync(host, $"ip addr add {Address(i)}/24 dev uplink");
            await DoAsync(host, "ip link set uplink up");
            await DoAsync(hub, $"tc qdisc add dev port{i} root {Bucket}");
            await DoAsync(host, $"tc qdisc add dev uplink root {Bucket}");
        }

        return hosts;

        async Task DoAsync(NetNamespace where, string command)
        {
            var words = command.Split(' ');
            (await where.RunAsync(words[0], words[1..], Patience, cancellationToken)).Succeeded();
        }
    }

    private static string Bucket => string.Create(CultureInfo.InvariantCulture, $"tbf rate {PortMegabits}mbit burst 256kb latency 50ms");

    private static string Address(int site) => $"10.97.0.{site + 1}";

    private static string At(int site, string address) => $"{Address(site)}:{address[(address.LastIndexOf(':') + 1)..]}";
}
