using System.Net;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Ipmi;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

public sealed class IsoLeaseTests
{
    private static readonly byte[] Large = ServingSite.RandomBytes(48 * 1024 * 1024);
    private static readonly byte[] Small = ServingSite.RandomBytes(100_000);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Withdrawing_cuts_who_reads_by_the_standing_url_and_leaves_who_reads_by_a_lease()
    {
        await using var site = await ServingSite.StartAsync();
        var (image, path) = await site.AdvertiseAsync("x.iso", Large);
        var surface = site.Surface("bmc", "127.0.0.0/8");
        var lease = Path(surface.AddLease(BmcToken.New(), image, IPAddress.Loopback));
        using var standingReader = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!, receiveBuffer: 64 * 1024);
        using var leaseReader = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!, receiveBuffer: 64 * 1024);
        await standingReader.SendAsync(RawClient.Get(path));
        await leaseReader.SendAsync(RawClient.Get(lease, "Connection: close"));
        await standingReader.ReceiveAsync(50_000);
        var first = await leaseReader.ReceiveAsync(50_000);

        await surface.WithdrawAsync(image, image.StoreReceipt, Cancelled);

        Assert.InRange((await standingReader.ReadToEndAsync()).Length, 0, Large.Length - 1_000_000);
        byte[] all = [.. first, .. await leaseReader.ReadToEndAsync()];
        Assert.Equal(Large, all[^Large.Length..]);
        Assert.Equal(404, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Head(path))).Status);
        Assert.Equal(200, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Head(lease))).Status);
    }

    [Fact]
    public async Task Ending_a_lease_cuts_at_once_even_who_takes_nothing_at_the_time()
    {
        await using var site = await ServingSite.StartAsync();
        using var closed = new ConnectionsClosed(site.Meter);
        var token = BmcToken.New();
        var surface = site.Surface();
        var lease = Path(surface.AddLease(token, site.Store("x.iso", Large), IPAddress.Loopback));
        using var reader = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!, receiveBuffer: 64 * 1024);
        await reader.SendAsync(RawClient.Get(lease));
        await UntilStalledAsync(site, token);

        surface.RemoveLease(token);

        await closed.OneAsync();
    }

    [Fact]
    public async Task Ending_a_lease_cuts_its_reader_and_its_url_is_gone()
    {
        await using var site = await ServingSite.StartAsync();
        var image = site.Store("x.iso", Large);
        var surface = site.Surface();
        var token = BmcToken.New();
        var lease = Path(surface.AddLease(token, image, IPAddress.Loopback));
        using var reader = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!, receiveBuffer: 64 * 1024);
        await reader.SendAsync(RawClient.Get(lease));
        await reader.ReceiveAsync(50_000);

        surface.RemoveLease(token);
        surface.RemoveLease(token);

        Assert.InRange((await reader.ReadToEndAsync()).Length, 0, Large.Length - 1_000_000);
        Assert.Equal(404, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Head(lease))).Status);
        Assert.Null(site.Routes.ActivityOf(token));
    }

    [Fact]
    public async Task A_lease_follows_its_image_to_another_place_without_another_url()
    {
        await using var site = await ServingSite.StartAsync();
        var image = site.Store("x.iso", Small);
        var lease = Path(site.Surface().AddLease(BmcToken.New(), image, IPAddress.Loopback));
        var retired = image with { StorePath = site.Folder.Combine("retired") };
        Assert.Equal(200, await StatusAsync());

        File.Move(image.StorePath, retired.StorePath);
        Assert.Equal(503, await StatusAsync());
        site.Routes.Refresh(ServingSite.Examine(retired));

        Assert.Equal(200, await StatusAsync());

        async Task<int> StatusAsync() => (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(lease))).Status;
    }

    [Fact]
    public async Task A_hard_link_made_by_the_appliance_is_no_doubt_while_it_is_announced_and_a_doubt_when_it_is_not()
    {
        await using var site = await ServingSite.StartAsync();
        var (image, path) = await site.AdvertiseAsync("x.iso", Large);
        using var reader = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!, receiveBuffer: 64 * 1024);
        await reader.SendAsync(RawClient.Get(path, "Connection: close"));
        var first = await reader.ReceiveAsync(50_000);

        using (site.Links.Expect(image.Root, () => ServingSite.Examine(image).StoreReceipt))
        {
            await LinkAsync("first");
            Assert.Equal(206, await StatusAsync());
        }

        byte[] all = [.. first, .. await reader.ReadToEndAsync()];
        Assert.Equal(Large, all[^Large.Length..]);
        Assert.Equal(206, await StatusAsync());
        Assert.False(site.Doubts.TryRead(out _));

        await LinkAsync("second");
        Assert.Equal(404, await StatusAsync());
        Assert.Contains("links, owner or mode", (await site.DoubtAsync()).Reason, StringComparison.Ordinal);
        site.Routes.Refresh(ServingSite.Examine(image));
        Assert.Equal(206, await StatusAsync());

        async Task LinkAsync(string name) =>
            (await Counterpart.RunAsync("ln", [image.StorePath, site.Folder.Combine(name)], Cancelled)).Succeeded();

        async Task<int> StatusAsync() =>
            (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path, "Range: bytes=0-99"))).Status;
    }

    [Fact]
    public async Task An_image_that_another_surface_linked_meanwhile_is_advertised_with_the_receipt_from_before()
    {
        await using var site = await ServingSite.StartAsync();
        var before = site.Store("x.iso", Small);
        using (site.Links.Expect(before.Root, () => ServingSite.Examine(before).StoreReceipt))
        {
            (await Counterpart.RunAsync("ln", [before.StorePath, site.Folder.Combine("name")], Cancelled)).Succeeded();
        }

        Assert.NotEqual(before.StoreReceipt, ServingSite.Examine(before).StoreReceipt);
        var surface = site.Surface("bmc", "127.0.0.0/8");
        Assert.IsType<SurfaceOutcome.Done>(await surface.StageAsync(before, null, Cancelled));
        Assert.IsType<SurfaceOutcome.Done>(await surface.AdvertiseAsync(before, Cancelled));
        Assert.IsType<SurfaceOutcome.Done>(await surface.VerifyAsync(before, before.StoreReceipt, null, Cancelled));
        Assert.Equal(200, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(Path(surface.MountOf(before, null)!)))).Status);
        Assert.False(site.Doubts.TryRead(out _));
    }

    [Fact]
    public async Task A_new_lease_on_a_doubtful_image_does_not_make_it_good()
    {
        await using var site = await ServingSite.StartAsync();
        var image = site.Store("x.iso", Small);
        var surface = site.Surface();
        surface.AddLease(BmcToken.New(), image, IPAddress.Loopback);
        site.Routes.RaiseDoubt(new ImageDoubt(image.Id, "hash-mismatch", "The scrub found damage."));

        var lease = Path(surface.AddLease(BmcToken.New(), image, IPAddress.Loopback));

        Assert.Equal(503, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(lease))).Status);
    }

    [Fact]
    public async Task What_was_read_by_a_lease_is_known()
    {
        await using var site = await ServingSite.StartAsync();
        var image = site.Store("x.iso", Small);
        var token = BmcToken.New();
        var lease = Path(site.Surface().AddLease(token, image, IPAddress.Loopback));
        Assert.Equal(new RouteActivity(0, 0, null), site.Routes.ActivityOf(token));
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);

        await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Head(lease));
        await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(lease, "Range: bytes=0-2047"));

        var activity = site.Routes.ActivityOf(token)!.Value;
        Assert.Equal((2, 2048), (activity.Requests, activity.Bytes));
        Assert.InRange(activity.LastReadAt!.Value, before, TimeProvider.System.GetUtcNow());
    }

    /// <summary>Until the buffers between server and client are full: nothing more goes out for a while.</summary>
    private static async Task UntilStalledAsync(ServingSite site, string token)
    {
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var (last, same) = (-1L, 0); same < 6; await look.WaitForNextTickAsync(Cancelled))
        {
            var bytes = site.Routes.ActivityOf(token)!.Value.Bytes;
            (last, same) = (bytes, bytes > 0 && bytes == last ? same + 1 : 0);
        }
    }

    private static string Path(SurfaceMount? mount) => new Uri(mount!.Url!).AbsolutePath;
}
