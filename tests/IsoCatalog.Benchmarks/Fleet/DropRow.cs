using System.Diagnostics;
using System.Net;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Testing;
using IsoCatalog.Testing.Wan;

namespace IsoCatalog.Benchmarks.Fleet;

/// <summary>
/// The whole way: a file is moved into the inbox of one of three real sites, and the clock stops when the BMC list and the console's list of all three have it.
/// Each site has a network namespace of its own; every two are joined by 1 Gbit/s with 100 ms round trip. All disks are this machine's one.
/// </summary>
internal sealed class DropRow : BenchmarkRow
{
    private const double LinkMegabits = 1000;
    private const double Grace = 2;

    /// <summary>Times that the image is written: a store and a console at each site.</summary>
    private const long Copies = 6;

    private static readonly string[] Sites = ["ams", "nyc", "msk"];
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly List<IAsyncDisposable> _parts = [];
    private readonly List<IApplianceClient> _clients = [];
    private BenchmarkFolder? _folder;
    private TestFleet? _fleet;
    private int _length;
    private int _runs;
    private double _ingest;

    public override string Name => "drop";

    public override string What => "a file dropped at one site, until six surfaces at three sites list it; 1 Gbit/s, 100 ms";

    public override string PeerName => "link time + ingest time + 2 s";

    public override string Unit => "s";

    public override double? Target => 1;

    public override bool LowerIsBetter => true;

    public override async Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken)
    {
        if (NetNamespace.Lacks is { } missing)
        {
            throw new BenchmarkException(missing);
        }

        _folder = folder;
        _length = (folder.Quick ? 256 : 1024) << 20;
        var networks = new List<NetNamespace>();
        foreach (var id in Sites)
        {
            networks.Add(await NetNamespace.CreateAsync(id, cancellationToken));
            _parts.Insert(0, networks[^1]);
        }

        _fleet = await TestFleet.PrepareAsync(new TestSiteOptions { OwnProcess = true, FleetHost = "0.0.0.0", Extra = "store: { floor: 64MiB }" }, cancellationToken, Sites);
        _parts.Insert(0, _fleet);
        foreach (var (site, network) in _fleet.Sites.Zip(networks))
        {
            await site.StartAgainAsync(cancellationToken, network.Wrapper);
            _clients.Add(ApplianceClient.OverSocket(site.Socket));
        }

        var peers = Sites.ToDictionary(id => id, _ => new List<PeerAddress>());
        foreach (var (a, b) in new[] { (0, 1), (0, 2), (1, 2) })
        {
            var link = await WanLink.CreateAsync(
                networks[a], networks[b], new WanQuality(LinkMegabits, TimeSpan.FromMilliseconds(50)), cancellationToken);
            _parts.Insert(0, link);
            peers[Sites[a]].Add(At(_fleet.Sites[b], link.AddressB));
            peers[Sites[b]].Add(At(_fleet.Sites[a], link.AddressA));
        }

        foreach (var site in _fleet.Sites)
        {
            await site.SetPeersAsync(peers[site.Id], cancellationToken);
        }

        // Everything is compiled and every connection made once; the first image of an appliance's life is not the one that counts.
        await OursAsync(cancellationToken);
    }

    /// <remarks>The time that the site took until the image was in its catalog is the ingest time of the other side.</remarks>
    public override async Task<double> OursAsync(CancellationToken cancellationToken)
    {
        var first = _fleet!.Sites[0];
        var name = $"run-{++_runs}.iso";
        var prepared = Path.Combine(first.Root, name);
        await using (var file = File.Create(prepared))
        {
            await file.WriteAsync(IsoBuilder.InMemory("DROPPED", _length - (64 << 10), _runs), cancellationToken);
            file.Flush(flushToDisk: true);
        }

        _folder!.TouchMemory(Copies * _length);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        var watch = Stopwatch.StartNew();
        File.Move(prepared, Path.Combine(first.Inbox, name));
        ImageId? id;
        while ((id = (await _clients[0].GetImagesAsync(limit.Token)).Images.FirstOrDefault(i => i.Name == name)?.Id) is null)
        {
            await Task.Delay(Glance, limit.Token);
        }

        _ingest = watch.Elapsed.TotalSeconds;
        foreach (var (client, surface) in _clients.SelectMany(c => new[] { (c, "bmc"), (c, "console") }))
        {
            while ((await client.GetAvailableAsync(new AvailableRequest(surface), limit.Token)).Images.All(i => i.Id != id))
            {
                await Task.Delay(Glance, limit.Token);
            }
        }

        var seconds = watch.Elapsed.TotalSeconds;
        await _clients[0].RemoveImageAsync(name, "measured", limit.Token);
        return seconds;
    }

    public override Task<double> PeerAsync(CancellationToken cancellationToken) => Task.FromResult(_length * 8d / (LinkMegabits * 1e6) + _ingest + Grace);

    public override async Task FinishAsync()
    {
        _clients.ForEach(c => c.Dispose());
        foreach (var part in _parts)
        {
            await part.DisposeAsync();
        }
    }

    private static PeerAddress At(TestSite site, IPAddress address) =>
        new(site.Id, $"{address}:{Port(site.FleetAddress!)}", $"{address}:{Port(site.SwarmAddress!)}");

    private static string Port(string address) => address[(address.LastIndexOf(':') + 1)..];
}
