using System.Net;
using System.Net.Sockets;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios.Fire;

/// <summary>
/// Three whole sites whose addresses outlive them, as those of real sites do: a URL that a panel was given before a kill means the same site after it.
/// </summary>
internal sealed class FireFleet : IAsyncDisposable
{
    /// <summary>What is a minute at an engine is a second and a half here.</summary>
    private const int EnginePace = 40;

    /// <summary>Much more than the images need, so that only what fills it fills it.</summary>
    private const long DiskSize = 512L << 20;

    private static readonly string[] Ids = ["ams", "nyc", "msk"];

    private readonly TestFleet _fleet;
    private readonly Dictionary<string, int[]> _ports;
    private readonly Dictionary<string, IApplianceClient> _clients;
    private readonly Dictionary<string, SimulatedDomain> _domains = new(StringComparer.Ordinal);

    private readonly FailingDisk _disk;
    private readonly TurnedClock _clock;
    private readonly Dictionary<string, MountedFolder> _disks = new(StringComparer.Ordinal);

    private FireFleet(TestFleet fleet, Dictionary<string, int[]> ports, FailingDisk disk, TurnedClock clock)
    {
        (_fleet, _ports, _disk, _clock) = (fleet, ports, disk, clock);
        _clients = ports.ToDictionary(p => p.Key, p => ApplianceClient.At(new Uri($"http://127.0.0.1:{p.Value[0]}")), StringComparer.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public IReadOnlyList<TestSite> Sites => _fleet.Sites;

    /// <param name="worse">Its disks can be filled, its clocks turned, its databases fail.</param>
    public static async Task<FireFleet> StartAsync(bool worse)
    {
        var disk = await FailingDisk.CreateAsync("isocatalog.db", Cancel);
        var clock = await TurnedClock.CreateAsync(Cancel);
        var options = new TestSiteOptions
        {
            OwnProcess = true,
            EnginePace = EnginePace,
            Environment = !worse ? new Dictionary<string, string>() : new Dictionary<string, string>
            {
                ["LD_PRELOAD"] = clock.Library + ":" + disk.Environment["LD_PRELOAD"],
                ["FAILDISK_WHILE"] = disk.Environment["FAILDISK_WHILE"],
                [TurnedClock.Variable] = "{root}/clock",
            },
            Surfaces =
                """
                  - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
                  - { name: console, kind: volume, path: "{root}/console", check: 5s }
                """,
        };
        var fleet = new FireFleet(await TestFleet.PrepareAsync(options, Cancel, Ids), FreePorts(), disk, clock);
        try
        {
            foreach (var site in fleet.Sites)
            {
                await fleet.ConfigureAsync(site);
                SetClock(site, TimeSpan.Zero);
                if (worse && Environment.IsPrivilegedProcess)
                {
                    fleet._disks[site.Id] = await MountedFolder.DiskOverAsync(site.Data, "mkfs.ext4", DiskSize);
                }

                await SnapshotAsync(site);
                await site.StartAgainAsync(Cancel);
            }

            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    public IApplianceClient ClientOf(TestSite site) => _clients[site.Id];

    public SimulatedDomain DomainOf(TestSite site) => _domains[site.Id];

    public Uri ApiOf(TestSite site) => new($"http://127.0.0.1:{_ports[site.Id][0]}");

    /// <summary>Only root can give a site a disk of its own, which can be full.</summary>
    public bool HasDisks => _disks.Count > 0;

    /// <summary>The site's wall clock says something else from now on; time passes as it does.</summary>
    public static void SetClock(TestSite site, TimeSpan off) => TurnedClock.Turn(Path.Combine(site.Root, "clock"), off);

    /// <summary>Takes all the room that there is on the site's disk, until it is disposed of.</summary>
    public static IDisposable FillDisk(TestSite site) => new Filler(Path.Combine(site.Data, "filler"));

    /// <summary>The disk gives errors for the site's database: once, or from now on.</summary>
    public void BreakDatabase(TestSite site, DiskCall call, bool once)
    {
        var path = Path.Combine(site.Data, "isocatalog.db");
        if (once)
        {
            _disk.BreakOnce(call, path);
        }
        else
        {
            _disk.Break(call, path);
        }
    }

    public void MendDatabase() => _disk.Mend();

    /// <summary>Copies the data folder of a site that does not run, as a backup does.</summary>
    public static async Task SnapshotAsync(TestSite site)
    {
        await EmptyAsync(Snapshot(site));
        await CopyAsync(site.Data, Snapshot(site));
    }

    /// <summary>Puts the copy back in the place of the data folder.</summary>
    public static async Task RollBackAsync(TestSite site)
    {
        await EmptyAsync(site.Data);
        await CopyAsync(Snapshot(site), site.Data);
    }

    /// <summary>Both sides lose the other's address: nothing new travels between them.</summary>
    public Task CutAsync(TestSite site) => IntroduceAsync(cut: site);

    public Task MendAsync() => IntroduceAsync(cut: null);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }

        // A folder with a disk over it cannot be deleted.
        foreach (var (id, disk) in _disks)
        {
            if (_fleet[id] is { HasExited: false } site)
            {
                await site.KillAsync();
            }

            await disk.DisposeAsync();
        }

        await _fleet.DisposeAsync();

        _disk.Dispose();
        _clock.Dispose();

        foreach (var domain in _domains.Values)
        {
            await domain.DisposeAsync();
        }
    }

    private async Task IntroduceAsync(TestSite? cut)
    {
        foreach (var site in Sites.Where(s => !s.HasExited))
        {
            await site.SetPeersAsync(Sites.Where(s => s != site).Select(s => site == cut || s == cut ? Nowhere(s) : At(s)), Cancel);
        }
    }

    private static string Snapshot(TestSite site) => Path.Combine(site.Root, "snapshot");

    private static async Task EmptyAsync(string folder) =>
        (await Counterpart.RunAsync("find", [Directory.CreateDirectory(folder).FullName, "-mindepth", "1", "-delete"], CancellationToken.None)).Succeeded();

    private static async Task CopyAsync(string from, string to) => (await Counterpart.RunAsync("cp", ["-a", from + "/.", to], CancellationToken.None)).Succeeded();

    private PeerAddress At(TestSite site) => new(site.Id, $"127.0.0.1:{_ports[site.Id][2]}", $"127.0.0.1:{_ports[site.Id][3]}");

    private static PeerAddress Nowhere(TestSite site) => new(site.Id, "127.0.0.1:1", "127.0.0.1:1");

    private async Task ConfigureAsync(TestSite site)
    {
        Directory.CreateDirectory(site.Console);
        _domains[site.Id] = await SimulatedDomain.StartAsync();
        await site.ConfigureAsync("surfaces:\n", $"surfaces:\n{_domains[site.Id].Surface}\n");
        var ports = _ports[site.Id];
        await site.ConfigureAsync(
            "listen: { api: \"127.0.0.1:0\", iso: \"127.0.0.1:0\", fleet: \"127.0.0.1:0\", swarm: \"127.0.0.1:0\" }",
            $$"""
            listen: { api: "127.0.0.1:{{ports[0]}}", iso: "127.0.0.1:{{ports[1]}}", fleet: "127.0.0.1:{{ports[2]}}", swarm: "127.0.0.1:{{ports[3]}}" }
            peers:
            {{string.Join('\n', Sites.Where(s => s != site).Select(At).Select(p => $"  - {{ site: {p.Site}, fleet: \"{p.Fleet}\", swarm: \"{p.Swarm}\" }}"))}}
            """);
    }

    /// <summary>Below those that the system gives out by itself: while a site is down, a client that knocks must not take its port or meet itself there.</summary>
    private static Dictionary<string, int[]> FreePorts()
    {
        var taken = new List<Socket>();
        try
        {
            while (taken.Count < Ids.Length * 4)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    socket.Bind(new IPEndPoint(IPAddress.Loopback, Random.Shared.Next(12_000, 32_000)));
                    taken.Add(socket);
                }
                catch (SocketException)
                {
                    socket.Dispose();
                }
            }

            return Ids.Select((id, i) => (id, i)).ToDictionary(
                p => p.id,
                p => taken.Skip(p.i * 4).Take(4).Select(s => ((IPEndPoint)s.LocalEndPoint!).Port).ToArray(),
                StringComparer.Ordinal);
        }
        finally
        {
            taken.ForEach(s => s.Dispose());
        }
    }

    /// <summary>A file that grows until the disk is full.</summary>
    private sealed class Filler : IDisposable
    {
        private readonly string _path;

        public Filler(string path)
        {
            _path = path;
            using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
            long length = 0;
            for (var step = 4 << 20; step >= 4 << 10; step /= 32)
            {
                try
                {
                    for (var block = new byte[step]; ; length += step)
                    {
                        RandomAccess.Write(file, block, length);
                    }
                }
                catch (IOException)
                {
                    // Less than this is left.
                }
            }
        }

        public void Dispose() => File.Delete(_path);
    }
}
