using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using IsoCatalog.Testing;
using IsoCatalog.Testing.Wan;
using Xunit;

namespace IsoCatalog.IntegrationTests.Wan;

/// <summary>
/// The link that transfers are measured on is itself right. What a busy machine can make worse (slower, later) is bounded on one side only.
/// </summary>
[Collection(typeof(WholeMachine))]
public sealed class WanLinkTests : IAsyncLifetime
{
    private static readonly TimeSpan OneWay = TimeSpan.FromMilliseconds(40);

    private NetNamespace? _a;
    private NetNamespace? _b;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private NetNamespace A => _a!;

    private NetNamespace B => _b!;

    public async ValueTask InitializeAsync()
    {
        _a = await NetNamespace.CreateAsync("a", Cancellation);
        _b = await NetNamespace.CreateAsync("b", Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var network in new[] { _a, _b })
        {
            if (network is not null)
            {
                await network.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task A_round_trip_takes_twice_the_delay_and_no_packet_is_lost()
    {
        await using var link = await WanLink.CreateAsync(A, B, new WanQuality(1000, OneWay), Cancellation);
        using var listener = await ListenAsync(B, link.AddressB);
        var least = TimeSpan.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            using var socket = await A.InsideAsync(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
            var began = Stopwatch.GetTimestamp();
            await socket.ConnectAsync(listener.LocalEndPoint!, Cancellation);
            least = TimeSpan.FromTicks(Math.Min(least.Ticks, Stopwatch.GetElapsedTime(began).Ticks));
        }

        Assert.InRange(least, 2 * OneWay, 2 * OneWay + TimeSpan.FromMilliseconds(20));
        var (fromA, fromB) = await link.TrafficAsync(Cancellation);
        Assert.True(fromA is { Packets: >= 10, Lost: 0, Dropped: 0 } && fromB is { Packets: >= 5, Lost: 0, Dropped: 0 }, $"{fromA} {fromB}");
    }

    [Fact]
    public async Task Bytes_do_not_arrive_faster_than_the_rate()
    {
        const int Bytes = 5_000_000;
        await using var link = await WanLink.CreateAsync(A, B, new WanQuality(100, TimeSpan.FromMilliseconds(5)), Cancellation);
        var (sender, receiver) = await ConnectAsync(link);
        using (sender)
        using (receiver)
        {
            var began = Stopwatch.GetTimestamp();
            var sending = SendAsync(sender, Bytes);
            await ReceiveAsync(receiver, Bytes);
            await sending;
            Assert.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromSeconds(Bytes * 8 / 100e6), $"{Stopwatch.GetElapsedTime(began)}");
        }

        var (fromA, _) = await link.TrafficAsync(Cancellation);

        // What the queue drops is sent again.
        Assert.InRange(fromA.Bytes, Bytes, 2L * Bytes);

        // In however large bundles they came: none on the line is longer than 1,500 bytes.
        Assert.InRange(fromA.Bytes / (double)fromA.Packets, 1000, 1500);
    }

    [Fact]
    public async Task A_cut_link_carries_nothing_and_the_connection_goes_on_when_it_is_mended()
    {
        await using var link = await WanLink.CreateAsync(A, B, new WanQuality(100, TimeSpan.FromMilliseconds(1)), Cancellation);
        var (sender, receiver) = await ConnectAsync(link);
        using (sender)
        using (receiver)
        {
            await link.CutAsync(Cancellation);
            var (before, _) = await link.TrafficAsync(Cancellation);
            await SendAsync(sender, 1000);
            var arrival = ReceiveAsync(receiver, 1000);
            WanTraffic after;
            do
            {
                (after, _) = await link.TrafficAsync(Cancellation);
            }
            while (after.Lost < before.Lost + 2);
            Assert.False(arrival.IsCompleted);

            await link.MendAsync(Cancellation);
            await arrival.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        }
    }

    [Fact]
    public async Task Losses_are_as_many_as_asked_for()
    {
        const int Datagrams = 20_000;
        await using var link = await WanLink.CreateAsync(A, B, new WanQuality(1000, TimeSpan.FromMilliseconds(1), LossPercent: 10), Cancellation);
        await SendDatagramsAsync(link, Datagrams, 100);
        var (fromA, _) = await link.TrafficAsync(Cancellation);

        // The kernel may look for routers in between.
        Assert.InRange(fromA.Packets, Datagrams, Datagrams + 10);

        // Five standard deviations of a binomial distribution.
        Assert.InRange(fromA.Lost, 1788, 2212);
    }

    [Fact]
    public async Task A_full_queue_drops()
    {
        const int Datagrams = 1000;
        await using var link = await WanLink.CreateAsync(
            A, B, new WanQuality(10, TimeSpan.FromMilliseconds(1)) { Queue = TimeSpan.FromMilliseconds(50) }, Cancellation);
        var took = await SendDatagramsAsync(link, Datagrams, 1000);

        // 1,028 bytes at 10 Mbit/s are 0.82 ms: 61 of them wait for 50 ms, and while they were sent some went on.
        var (fromA, _) = await link.TrafficAsync(Cancellation);
        var fit = 62 + took.TotalMilliseconds / 0.8224;
        Assert.InRange(fromA.Dropped, Datagrams - fit, Datagrams - 61);
    }

    [Fact]
    public async Task Congestion_control_follows_the_link()
    {
        await using var link = await WanLink.CreateAsync(A, B, new WanQuality(100, TimeSpan.FromMilliseconds(1)), Cancellation);
        await link.SetCongestionControlAsync("cubic", Cancellation);
        Assert.Contains("congctl cubic", (await A.RunAsync("ip", ["route"], TimeSpan.FromSeconds(10), Cancellation)).Succeeded(), StringComparison.Ordinal);
        var (sender, receiver) = await ConnectAsync(link);
        using (sender)
        using (receiver)
        {
            Assert.Equal("cubic", CongestionControl(sender));
            Assert.Equal("cubic", CongestionControl(receiver));
        }

        await link.SetCongestionControlAsync(null, Cancellation);
        Assert.DoesNotContain("cubic", (await A.RunAsync("ip", ["route"], TimeSpan.FromSeconds(10), Cancellation)).Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_left_when_link_and_namespaces_are_gone()
    {
        string name;
        await using (var c = await NetNamespace.CreateAsync("c", Cancellation))
        {
            name = c.Name;
            await using var link = await WanLink.CreateAsync(A, c, new WanQuality(10, OneWay), Cancellation);
            Assert.Contains("wan", (await A.RunAsync("ip", ["link"], TimeSpan.FromSeconds(10), Cancellation)).Succeeded(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("wan", (await A.RunAsync("ip", ["link"], TimeSpan.FromSeconds(10), Cancellation)).Succeeded(), StringComparison.Ordinal);
        Assert.DoesNotContain(name, (await Counterpart.RunAsync("ip", ["netns"], Cancellation)).Succeeded(), StringComparison.Ordinal);
    }

    private static Task<Socket> ListenAsync(NetNamespace network, IPAddress address) => network.InsideAsync(() =>
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen();
        return listener;
    });

    private async Task<(Socket Sender, Socket Receiver)> ConnectAsync(WanLink link)
    {
        using var listener = await ListenAsync(B, link.AddressB);
        var sender = await A.InsideAsync(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await sender.ConnectAsync(listener.LocalEndPoint!, Cancellation);
        return (sender, await listener.AcceptAsync(Cancellation));
    }

    private async Task<TimeSpan> SendDatagramsAsync(WanLink link, int count, int size)
    {
        using var socket = await A.InsideAsync(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            await socket.SendToAsync(new byte[size], new IPEndPoint(link.AddressB, 9), Cancellation);
        }

        // What was sent is counted when the link has read it.
        while ((await link.TrafficAsync(Cancellation)).FromA.Packets < count)
        {
        }

        return Stopwatch.GetElapsedTime(began);
    }

    private static async Task SendAsync(Socket socket, int count)
    {
        var rest = new byte[count].AsMemory();
        while (rest.Length > 0)
        {
            rest = rest[await socket.SendAsync(rest, Cancellation)..];
        }
    }

    private static async Task ReceiveAsync(Socket socket, int count)
    {
        var buffer = new byte[64 << 10];
        for (var received = 0; received < count;)
        {
            var read = await socket.ReceiveAsync(buffer, Cancellation);
            Assert.NotEqual(0, read);
            received += read;
        }
    }

    // IPPROTO_TCP, TCP_CONGESTION of linux/tcp.h.
    private static string CongestionControl(Socket socket)
    {
        Span<byte> name = stackalloc byte[16];
        var length = socket.GetRawSocketOption(6, 13, name);
        return System.Text.Encoding.ASCII.GetString(name[..length]).TrimEnd('\0');
    }
}
