using System.Net;
using System.Net.Sockets;
using IsoCatalog.Client;
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

    private static readonly string[] Ids = ["ams", "nyc", "msk"];

    private readonly TestFleet _fleet;
    private readonly Dictionary<string, int[]> _ports;
    private readonly Dictionary<string, IApplianceClient> _clients;
    private readonly Dictionary<string, SimulatedDomain> _domains = new(StringComparer.Ordinal);

    private FireFleet(TestFleet fleet, Dictionary<string, int[]> ports)
    {
        _fleet = fleet;
        _ports = ports;
        _clients = ports.ToDictionary(p => p.Key, p => ApplianceClient.At(new Uri($"http://127.0.0.1:{p.Value[0]}")), StringComparer.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public IReadOnlyList<TestSite> Sites => _fleet.Sites;

    public static async Task<FireFleet> StartAsync()
    {
        var options = new TestSiteOptions
        {
            OwnProcess = true,
            EnginePace = EnginePace,
            Surfaces =
                """
                  - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
                  - { name: console, kind: volume, path: "{root}/console", check: 5s }
                """,
        };
        var fleet = new FireFleet(await TestFleet.PrepareAsync(options, Cancel, Ids), FreePorts());
        try
        {
            foreach (var site in fleet.Sites)
            {
                await fleet.ConfigureAsync(site);
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

    /// <summary>Both sides lose the other's address: nothing new travels between them.</summary>
    public Task CutAsync(TestSite site) => IntroduceAsync(cut: site);

    public Task MendAsync() => IntroduceAsync(cut: null);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }

        await _fleet.DisposeAsync();
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
}
