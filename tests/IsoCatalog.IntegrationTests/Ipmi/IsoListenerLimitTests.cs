using System.Net;
using System.Net.Sockets;
using IsoCatalog.Surfaces.Ipmi;
using IsoCatalog.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

public sealed class IsoListenerLimitTests
{
    [Fact]
    public async Task A_reader_that_rests_longer_than_the_usual_grace_of_a_web_server_goes_on_where_it_was()
    {
        var bytes = ServingSite.RandomBytes(48 * 1024 * 1024);
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("slow.iso", bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!, receiveBuffer: 64 * 1024);
        await client.SendAsync(RawClient.Get(path, "Connection: close"));
        var first = await client.ReceiveAsync(64 * 1024);

        // Kestrel's own rate limit would cut after 5 s; its clock cannot be given to it.
        await Task.Delay(TimeSpan.FromSeconds(7), TestContext.Current.CancellationToken);

        byte[] all = [.. first, .. await client.ReadToEndAsync()];
        Assert.Equal(bytes, all[^bytes.Length..]);
    }

    [Fact]
    public async Task A_reader_that_takes_nothing_for_the_idle_limit_is_cut()
    {
        await using var site = await ServingSite.StartAsync(options => options with { IdleLimit = TimeSpan.FromSeconds(1) });
        using var closed = new ConnectionsClosed(site.Meter);
        var (_, path) = await site.AdvertiseAsync("slow.iso", ServingSite.RandomBytes(48 * 1024 * 1024));
        await closed.OneAsync();
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!, receiveBuffer: 64 * 1024);

        await client.SendAsync(RawClient.Get(path));
        await closed.OneAsync();

        Assert.InRange((await client.ReadToEndAsync()).Length, 0, 40 * 1024 * 1024);
    }

    [Fact]
    public async Task A_connection_without_requests_is_closed_after_the_idle_limit()
    {
        await using var site = await ServingSite.StartAsync(options => options with { IdleLimit = TimeSpan.FromSeconds(1) });
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);
        await client.SendAsync(RawClient.Head("/"));
        await client.ReadAsync(isHead: true);

        Assert.Empty(await client.ReceiveAsync());
    }

    [Fact]
    public async Task One_address_gets_its_share_of_connections_and_leaves_the_others_theirs()
    {
        const int Cap = 8;
        await using var site = await ServingSite.StartAsync(options => options with { ConnectionsPerAddress = Cap });
        var (_, path) = await site.AdvertiseAsync("cap.iso", ServingSite.RandomBytes(5000));
        var server = site.Listener.PlainEndPoint!;
        var open = new List<RawClient>();
        try
        {
            for (var n = 0; n < Cap; n++)
            {
                open.Add(await RawClient.ConnectAsync(server, "127.0.0.3"));
                await open[^1].SendAsync(RawClient.Head(path));
                Assert.Equal(200, (await open[^1].ReadAsync(isHead: true)).Status);
            }

            for (var n = 0; n < 20; n++)
            {
                Assert.Empty(await HeadAsync());
            }

            using var closed = new ConnectionsClosed(site.Meter);
            Assert.Equal(200, (await RawClient.AskAsync(server, RawClient.Get(path), "127.0.0.4")).Status);
            await closed.OneAsync();
            open[0].Dispose();
            await closed.OneAsync();
            open[0] = await RawClient.ConnectAsync(server, "127.0.0.3");
            await open[0].SendAsync(RawClient.Head(path));
            Assert.Equal(200, (await open[0].ReadAsync(isHead: true)).Status);
        }
        finally
        {
            open.ForEach(client => client.Dispose());
        }

        async Task<byte[]> HeadAsync()
        {
            try
            {
                using var refused = await RawClient.ConnectAsync(server, "127.0.0.3");
                await refused.SendAsync(RawClient.Head(path));
                return await refused.ReadToEndAsync();
            }
            catch (SocketException)
            {
                // The reset may come before the connect is reported.
                return [];
            }
        }
    }

    [Fact]
    public async Task Half_requests_of_many_addresses_that_nothing_is_for_leave_the_bmcs_their_places()
    {
        await using var site = await ServingSite.StartAsync(
            options => options with { Connections = 64, ConnectionsPerAddress = 8, Expected = [IPNetwork.Parse("127.0.0.4/32")] });
        var (_, path) = await site.AdvertiseAsync("siege.iso", ServingSite.RandomBytes(5000));
        var server = site.Listener.PlainEndPoint!;
        using var held = await HeldSockets.OpenAsync(
            server, addresses: 66, each: 8, TestContext.Current.CancellationToken, say: "GET / HTTP/1.1\r\nX-Half: "u8.ToArray());

        Assert.Equal(200, (await RawClient.AskAsync(server, RawClient.Get(path), "127.0.0.4")).Status);

        // A stranger is still told that there is nothing for him: his is the newest of those that hold a place.
        Assert.Equal(404, (await RawClient.AskAsync(server, RawClient.Get("/"), "127.0.0.9")).Status);
    }

    [Fact]
    public async Task A_lease_makes_its_client_one_that_is_expected()
    {
        await using var site = await ServingSite.StartAsync(options => options with { Connections = 64, ConnectionsPerAddress = 8 });
        var image = site.Store("leased.iso", ServingSite.RandomBytes(5000));
        var server = site.Listener.PlainEndPoint!;
        var path = site.Routes.AddLease("bmc", BmcToken.New(), image, IPAddress.Parse("127.0.0.4"));
        using var held = await HeldSockets.OpenAsync(server, addresses: 66, each: 8, TestContext.Current.CancellationToken);

        Assert.Equal(200, (await RawClient.AskAsync(server, RawClient.Get(path), "127.0.0.4")).Status);
        Assert.True(site.Routes.HasLeaseOf(IPAddress.Parse("127.0.0.4")));
        Assert.False(site.Routes.HasLeaseOf(IPAddress.Parse("127.0.0.5")));
    }

    [Fact]
    public async Task A_connection_counts_as_closed_only_when_another_may_take_its_place()
    {
        const int Cap = 8;
        await using var site = await ServingSite.StartAsync(options => options with { ConnectionsPerAddress = Cap });
        var (_, path) = await site.AdvertiseAsync("cap.iso", ServingSite.RandomBytes(5000));
        var server = site.Listener.PlainEndPoint!;
        var open = new List<RawClient>();
        try
        {
            for (var n = 0; n < Cap; n++)
            {
                open.Add(await RawClient.ConnectAsync(server, "127.0.0.3"));
                await open[^1].SendAsync(RawClient.Head(path));
                Assert.Equal(200, (await open[^1].ReadAsync(isHead: true)).Status);
            }

            var answered = 0;
            using var closed = new ConnectionsClosed(site.Meter, () => answered = RawClient.Answered(server, RawClient.Head(path), "127.0.0.3"));
            open[0].Dispose();
            await closed.OneAsync();
            Assert.NotEqual(0, answered);
        }
        finally
        {
            open.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_what_to_do()
    {
        using var occupied = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        occupied.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        occupied.Listen();
        var endPoint = (IPEndPoint)occupied.LocalEndPoint!;

        var exception = await Assert.ThrowsAsync<IsoListenerException>(() => ServingSite.StartAsync(options => options with { Plain = endPoint }));

        Assert.Equal(endPoint, exception.EndPoint);
        Assert.Contains($"{endPoint}: the port is in use", exception.Message, StringComparison.Ordinal);
        Assert.Contains("ss -ltnp", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_no_interface_has_is_named()
    {
        var endPoint = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0);

        var exception = await Assert.ThrowsAsync<IsoListenerException>(() => ServingSite.StartAsync(options => options with { Plain = endPoint }));

        Assert.Contains("no interface of this host has that address", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tls_address_without_a_certificate_and_no_address_at_all_are_refused()
    {
        var routes = new IsoRoutes(StoreFileInterop.Files(), System.Threading.Channels.Channel.CreateUnbounded<ImageDoubt>().Writer, TimeProvider.System);
        var anywhere = new IPEndPoint(IPAddress.Loopback, 0);

        Task StartAsync(IsoListenerOptions options) =>
            IsoListener.StartAsync(options, NullLoggerFactory.Instance, TimeProvider.System, TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(new IsoListenerOptions { Routes = routes }));
        await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(new IsoListenerOptions { Routes = routes, Tls = anywhere }));
        routes.Dispose();
    }
}
