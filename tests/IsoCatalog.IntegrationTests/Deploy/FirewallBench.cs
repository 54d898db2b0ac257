using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using IsoCatalog.Testing;
using IsoCatalog.Testing.Wan;
using Xunit;

namespace IsoCatalog.IntegrationTests.Deploy;

/// <summary>
/// A site's machine behind a router, and everybody else behind that: three network namespaces. The line to everybody else takes smaller packets than either end thinks. The addresses are those of
/// the examples in docs/install.md.
/// </summary>
internal sealed class FirewallBench : IAsyncDisposable
{
    public const string Stranger = "stranger";
    public const string Bmc = "bmc";
    public const int Smaller = 1280;

    /// <summary>The machine's own.</summary>
    public static readonly IPAddress[] Own = [IPAddress.Parse("10.0.0.5"), IPAddress.Parse("2001:db8:1::5")];

    /// <summary>Who is where, and may come to which ports besides ssh.</summary>
    public static readonly IReadOnlyDictionary<string, (string[] From, int[] Ports)> Others = new Dictionary<string, (string[], int[])>(StringComparer.Ordinal)
    {
        [Stranger] = (["203.0.113.9", "2001:db8:ffff::9"], []),
        [Bmc] = (["10.100.0.7", "fd00:100::7"], [80, 443]),
        ["panel"] = (["10.1.0.5", "fd00:1::5"], [8443]),
        ["site"] = (["192.0.2.10", "2001:db8:2::10"], [58888, 58889]),
        ["another site"] = (["198.51.100.20", "2001:db8:3::20"], [58888, 58889]),
        ["console host"] = (["10.2.0.3", "fd00:2::3"], [2049]),
        ["Prometheus"] = (["10.3.0.9", "fd00:3::9"], [9464]),
    };

    private static readonly int[] Ports = [80, 443, 8443, 58888, 58889, 2049, 9464, 6881, 111];

    private readonly CancellationTokenSource _end = new();
    private readonly List<Socket> _listening = [];

    private FirewallBench(NetNamespace machine, NetNamespace router, NetNamespace outside) => (Machine, Router, Outside) = (machine, router, outside);

    public NetNamespace Machine { get; }

    private NetNamespace Router { get; }

    private NetNamespace Outside { get; }

    public static async Task<FirewallBench> CreateAsync(CancellationToken cancellationToken)
    {
        NetNamespace.Require();
        var bench = new FirewallBench(
            await NetNamespace.CreateAsync("fw", cancellationToken), await NetNamespace.CreateAsync("rt", cancellationToken), await NetNamespace.CreateAsync("out", cancellationToken));
        try
        {
            await bench.WireAsync(cancellationToken);
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    /// <summary>Listens on all ports of the examples, and on some that nobody opens. On 80 it gives away more than one packet.</summary>
    public async Task ListenAsync()
    {
        foreach (var port in (int[])[22, .. Ports])
        {
            _listening.Add(await ListenAsync(Machine, port, port == 80 ? 1 << 20 : 0));
        }
    }

    /// <summary>Everybody comes to the ports that are theirs, and to no other.</summary>
    /// <param name="ssh">Who may come to port 22.</param>
    public async Task<IReadOnlyList<string>> WrongDoorsAsync(Func<string, bool> ssh, CancellationToken cancellationToken)
    {
        var wrong = new List<string>();
        foreach (var (own, family) in Own.Select((own, family) => (own, family)))
        {
            var asked = new List<(string What, bool May, Socket Socket, Task Connecting)>();
            try
            {
                // Those that must not come in first: what is let in afterwards has passed them.
                foreach (var (who, from, port, may) in Others
                    .SelectMany(other => (((string, int, bool)[])[(other.Key, 22, ssh(other.Key)), .. Ports.Select(port => (other.Key, port, other.Value.Ports.Contains(port)))])
                        .Select(door => (Who: door.Item1, From: IPAddress.Parse(other.Value.From[family]), Port: door.Item2, May: door.Item3)))
                    .OrderBy(door => door.May))
                {
                    var socket = await From(from);
                    asked.Add(($"{who} ({from}) to port {port}", may, socket, socket.ConnectAsync(own, port, cancellationToken).AsTask()));
                }

                foreach (var (what, _, _, connecting) in asked.Where(door => door.May))
                {
                    await connecting.WaitAsync(cancellationToken).ContinueWith(
                        done => wrong.AddRange(done.IsCompletedSuccessfully ? [] : [$"{what} was not let in"]), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                }

                wrong.AddRange(asked.Where(door => !door.May && door.Connecting.IsCompletedSuccessfully).Select(door => $"{door.What} was let in"));
            }
            finally
            {
                asked.ForEach(door => door.Socket.Dispose());
            }
        }

        return wrong;
    }

    /// <summary>How many bytes port 80 gives to somebody.</summary>
    public async Task<int> FetchAsync(IPAddress own, IPAddress from, CancellationToken cancellationToken)
    {
        using var socket = await From(from);
        await socket.ConnectAsync(own, 80, cancellationToken);
        var (buffer, all) = (new byte[64 << 10], 0);
        while (await socket.ReceiveAsync(buffer, cancellationToken) is > 0 and var some)
        {
            all += some;
        }

        return all;
    }

    /// <summary>Somebody has a file by HTTP.</summary>
    public Task<ProgramResult> CurlAsync(string from, string url, string into, CancellationToken cancellationToken) =>
        Outside.RunAsync("curl", ["--silent", "--show-error", "--fail", "--interface", from, "--output", into, url], TimeSpan.FromMinutes(1), cancellationToken);

    /// <summary>Somebody connects to a port of the machine.</summary>
    public async Task ConnectFromAsync(string who, int family, int port, CancellationToken cancellationToken)
    {
        using var socket = await From(IPAddress.Parse(Others[who].From[family]));
        await socket.ConnectAsync(Own[family], port, cancellationToken);
    }

    /// <summary>Nobody of the line to the router remembers another's link address.</summary>
    public async Task ForgetNeighboursAsync(CancellationToken cancellationToken)
    {
        await IpAsync(cancellationToken, "-n", Machine.Name, "neigh", "flush", "all");
        await IpAsync(cancellationToken, "-n", Router.Name, "neigh", "flush", "all");
    }

    /// <summary>The machine connects to somebody.</summary>
    public async Task ConnectOutAsync(IPAddress to, CancellationToken cancellationToken)
    {
        using var listening = await ListenAsync(Outside, 4430, 0);
        using var socket = await Machine.InsideAsync(() => new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        await socket.ConnectAsync(to, 4430, cancellationToken);
    }

    /// <summary>What the machine has learned of the way to somebody.</summary>
    public async Task<string> RouteToAsync(string other, CancellationToken cancellationToken) =>
        (await Counterpart.RunAsync("ip", ["-n", Machine.Name, "route", "get", other], cancellationToken)).Succeeded();

    /// <summary>A DHCP server on the router's side answers; returns once the machine's client has the answer.</summary>
    /// <param name="raw">The client for IPv4 takes the packet before any firewall does, as most do; then only that for IPv6 is tried.</param>
    public async Task AnswerDhcpAsync(bool raw, CancellationToken cancellationToken)
    {
        foreach (var (from, to, client) in ((EndPoint, EndPoint, IPEndPoint)[])
                 [
                     .. raw ? ((EndPoint, EndPoint, IPEndPoint)[])[]
                         : [(new IPEndPoint(IPAddress.Parse("10.0.0.1"), 67), new IPEndPoint(IPAddress.Parse("10.0.0.255"), 68), new IPEndPoint(IPAddress.Any, 68))],
                     (new IPEndPoint(await LinkLocalAsync(Router, "fe80::1"), 547), new IPEndPoint(await LinkLocalAsync(Router, "fe80::5"), 546), new IPEndPoint(IPAddress.IPv6Any, 546)),
                 ])
        {
            using var asking = await Machine.InsideAsync(() => Bound(client));
            using var answering = await Router.InsideAsync(() => Bound((IPEndPoint)from));
            await answering.SendToAsync("lease"u8.ToArray(), to, cancellationToken);
            Assert.Equal(5, await asking.ReceiveAsync(new byte[16], cancellationToken));
        }

        static Socket Bound(IPEndPoint at)
        {
            var socket = new Socket(at.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            if (at.AddressFamily == AddressFamily.InterNetwork)
            {
                socket.EnableBroadcast = true;
            }

            socket.Bind(at);
            return socket;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listening.ForEach(socket => socket.Dispose());
        _end.Dispose();
        await Outside.DisposeAsync();
        await Router.DisposeAsync();
        await Machine.DisposeAsync();
    }

    private static async Task<IPAddress> LinkLocalAsync(NetNamespace network, string address)
    {
        var index = await network.InsideAsync(() => NetworkInterface.GetAllNetworkInterfaces().Single(card => card.Name == "near").GetIPProperties().GetIPv6Properties().Index);
        return new IPAddress(IPAddress.Parse(address).GetAddressBytes(), index);
    }

    private static async Task IpAsync(CancellationToken cancellationToken, params string[] words) => (await Counterpart.RunAsync("ip", words, cancellationToken)).Succeeded();

    private async Task WireAsync(CancellationToken cancellationToken)
    {
        foreach (var line in $"""
            link add near netns {Router.Name} type veth peer name near netns {Machine.Name}
            link add far netns {Router.Name} type veth peer name far netns {Outside.Name}
            -n {Machine.Name} addr add 10.0.0.5/24 broadcast 10.0.0.255 dev near
            -n {Machine.Name} addr add 2001:db8:1::5/64 dev near nodad
            -n {Machine.Name} addr add fe80::5/64 dev near nodad
            -n {Router.Name} addr add 10.0.0.1/24 broadcast 10.0.0.255 dev near
            -n {Router.Name} addr add 2001:db8:1::1/64 dev near nodad
            -n {Router.Name} addr add fe80::1/64 dev near nodad
            -n {Router.Name} addr add 192.168.99.1/30 dev far
            -n {Router.Name} addr add 2001:db8:99::1/64 dev far nodad
            -n {Outside.Name} addr add 192.168.99.2/30 dev far
            -n {Outside.Name} addr add 2001:db8:99::2/64 dev far nodad
            -n {Router.Name} link set far mtu {Smaller}
            -n {Machine.Name} link set near up
            -n {Router.Name} link set near up
            -n {Router.Name} link set far up
            -n {Outside.Name} link set far up
            -n {Machine.Name} route add default via 10.0.0.1
            -n {Machine.Name} -6 route add default via 2001:db8:1::1
            -n {Outside.Name} route add default via 192.168.99.1
            -n {Outside.Name} -6 route add default via 2001:db8:99::1
            """.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            await IpAsync(cancellationToken, line.Split(' '));
        }

        await Router.SetAsync("net.ipv4.ip_forward", "1", cancellationToken);
        await Router.SetAsync("net.ipv6.conf.all.forwarding", "1", cancellationToken);
        foreach (var address in Others.Values.SelectMany(other => other.From))
        {
            var isIPv6 = address.Contains(':', StringComparison.Ordinal);
            await IpAsync(cancellationToken, "-n", Outside.Name, "addr", "add", $"{address}/{(isIPv6 ? 128 : 32)}", "dev", "lo");
            await IpAsync(cancellationToken, "-n", Router.Name, "route", "add", address, "via", isIPv6 ? "2001:db8:99::2" : "192.168.99.2");
        }
    }

    private Task<Socket> From(IPAddress address) => Outside.InsideAsync(() =>
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    });

    private async Task<Socket> ListenAsync(NetNamespace network, int port, int gives)
    {
        var listening = await network.InsideAsync(() =>
        {
            var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
            socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            socket.Listen(64);
            return socket;
        });
        _ = GiveAsync(listening, new byte[gives]);
        return listening;
    }

    private async Task GiveAsync(Socket listening, byte[] bytes)
    {
        try
        {
            while (true)
            {
                _ = GiveOneAsync(await listening.AcceptAsync(_end.Token), bytes);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The bench is taken away.
        }
    }

    private async Task GiveOneAsync(Socket client, byte[] bytes)
    {
        using (client)
        {
            try
            {
                for (var sent = 0; sent < bytes.Length;)
                {
                    sent += await client.SendAsync(bytes.AsMemory(sent), _end.Token);
                }
            }
            catch (Exception gone) when (gone is OperationCanceledException or SocketException)
            {
                // It wanted no more than to connect.
            }
        }
    }
}
