using System.Net;
using System.Security.Cryptography;
using System.Threading.Channels;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Ipmi;
using IsoCatalog.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

public sealed class IpmiSurfaceTests
{
    private static readonly byte[] Bytes = ServingSite.RandomBytes(500_000);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_advertised_image_is_had_at_its_mount_url_and_a_withdrawn_one_is_not(bool tls)
    {
        await using var site = await ServingSite.StartAsync(options => options, tls);
        var surface = site.Surface("bmc", "127.0.0.0/8");
        var image = site.Store("Debian-12.iso", Bytes);
        var url = surface.MountOf(image, null)!.Url!;
        var path = new Uri(url).AbsolutePath;
        var server = site.Listener.PlainEndPoint!;

        Assert.Equal(404, (await RawClient.AskAsync(server, RawClient.Get(path))).Status);
        Assert.IsType<SurfaceOutcome.Done>(await surface.CheckAsync(Cancelled));
        Assert.Equal(new SurfaceOutcome.Done(image.StoreReceipt), await surface.StageAsync(image, null, Cancelled));
        Assert.Equal(404, (await RawClient.AskAsync(server, RawClient.Get(path))).Status);
        Assert.Equal(new SurfaceOutcome.Done(image.StoreReceipt), await surface.AdvertiseAsync(image, Cancelled));
        Assert.Equal(new SurfaceOutcome.Done(image.StoreReceipt), await surface.AdvertiseAsync(image, Cancelled));
        Assert.Equal(Bytes, (await RawClient.AskAsync(server, RawClient.Get(path))).Body);
        Assert.IsType<SurfaceOutcome.Done>(await surface.WithdrawAsync(image, image.StoreReceipt, Cancelled));
        Assert.IsType<SurfaceOutcome.Done>(await surface.WithdrawAsync(image, null, Cancelled));
        Assert.Equal(404, (await RawClient.AskAsync(server, RawClient.Get(path))).Status);
        Assert.Equal($"http://{server}{path}", url);
        Assert.Equal(tls ? $"https://{site.Listener.TlsEndPoint}{path}" : null, surface.MountOf(image, null)!.Urls!.Https);
        Assert.EndsWith("/debian_12.iso", path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_advertised_address_stands_in_the_url_and_ipv6_in_brackets()
    {
        await using var site = await ServingSite.StartAsync(options => options with { Plain = new IPEndPoint(IPAddress.Any, 0) });
        var image = site.Store("x.iso", Bytes);
        IpmiSurface At(IPAddress? address) => new(
            new IpmiSurfaceOptions { Name = "bmc", UrlSecret = ServingSite.Secret, Address = address, Allow = [IPNetwork.Parse("127.0.0.0/8")] },
            site.Listener, TimeProvider.System, NullLogger<IpmiSurface>.Instance);
        var port = site.Listener.PlainEndPoint!.Port;

        Assert.StartsWith($"http://10.0.0.5:{port}/", At(IPAddress.Parse("10.0.0.5")).MountOf(image, null)!.Url, StringComparison.Ordinal);
        Assert.StartsWith($"http://[2001:db8::5]:{port}/", At(IPAddress.Parse("2001:db8::5")).MountOf(image, null)!.Url, StringComparison.Ordinal);
        Assert.IsType<SurfaceOutcome.Done>(await At(IPAddress.Parse("10.0.0.5")).AdvertiseAsync(image, Cancelled));

        Assert.Null(At(null).MountOf(image, null));
        var refused = Assert.IsType<SurfaceOutcome.Refused>(await At(null).CheckAsync(Cancelled));
        Assert.Contains("set `address`", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_allow_list_there_is_no_standing_url_but_advertising_still_proves_the_image()
    {
        await using var site = await ServingSite.StartAsync();
        var surface = site.Surface();
        var image = site.Store("x.iso", Bytes);
        var wouldBe = BmcUrl.PathOf(BmcToken.Standing(ServingSite.Secret, "bmc", image.Id), image.FileName);

        Assert.Null(surface.MountOf(image, null));
        Assert.IsType<SurfaceOutcome.Done>(await surface.AdvertiseAsync(image, Cancelled));
        Assert.Equal(404, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(wouldBe))).Status);
        Assert.Empty(await surface.ObserveAsync([new PublishedImage(image, image.StoreReceipt)], Cancelled));
    }

    [Fact]
    public async Task The_standing_url_survives_a_restart_and_resuming_reads_no_bytes()
    {
        string url;
        await using (var before = await ServingSite.StartAsync())
        {
            var surface = before.Surface("bmc", "127.0.0.0/8");
            url = new Uri(surface.MountOf(before.Store("x.iso", Bytes), null)!.Url!).AbsolutePath;
        }

        await using var site = await ServingSite.StartAsync();
        var again = site.Surface("bmc", "127.0.0.0/8");
        var image = site.Store("x.iso", Bytes);

        Assert.IsType<SurfaceOutcome.Done>(await again.ResumeAsync(image, image.StoreReceipt, Cancelled));
        Assert.Equal(Bytes, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(url))).Body);
        var other = image.StoreReceipt with { ChangedNs = image.StoreReceipt.ChangedNs + 1 };
        Assert.Equal(ReasonCode.FileChanged, Assert.IsType<SurfaceOutcome.Refused>(await again.ResumeAsync(image, other, Cancelled)).Code);
    }

    [Fact]
    public async Task A_missing_or_changed_store_file_is_refused_at_every_step_and_found_by_observation()
    {
        await using var site = await ServingSite.StartAsync();
        var surface = site.Surface("bmc", "127.0.0.0/8");
        var image = site.Store("x.iso", Bytes);
        var expected = new PublishedImage(image, image.StoreReceipt);

        Assert.Equal(ReasonCode.NotYetPublished, Assert.Single(await surface.ObserveAsync([expected], Cancelled)).Code);
        await surface.AdvertiseAsync(image, Cancelled);
        Assert.Empty(await surface.ObserveAsync([expected], Cancelled));

        File.SetLastWriteTimeUtc(image.StorePath, DateTime.UnixEpoch);
        await AssertRefusedAsync(ReasonCode.FileChanged);
        File.Delete(image.StorePath);
        await AssertRefusedAsync(ReasonCode.StoreMissing);

        async Task AssertRefusedAsync(string code)
        {
            Assert.Equal(code, Assert.IsType<SurfaceOutcome.Refused>(await surface.StageAsync(image, null, Cancelled)).Code);
            Assert.Equal(code, Assert.IsType<SurfaceOutcome.Refused>(await surface.AdvertiseAsync(image, Cancelled)).Code);
            Assert.Equal(code, Assert.IsType<SurfaceOutcome.Refused>(await surface.ResumeAsync(image, image.StoreReceipt, Cancelled)).Code);
            Assert.Equal(code, Assert.IsType<SurfaceOutcome.Refused>(await surface.VerifyAsync(image, image.StoreReceipt, null, Cancelled)).Code);
            Assert.Equal(code, Assert.Single(await surface.ObserveAsync([expected], Cancelled)).Code);
        }
    }

    [Fact]
    public async Task Verification_reads_the_whole_file_and_damage_stops_serving_at_once()
    {
        await using var site = await ServingSite.StartAsync();
        var (image, path) = await site.AdvertiseAsync("x.iso", Bytes);
        var surface = site.Surface("bmc", "127.0.0.0/8");
        var progress = new Counter();

        Assert.Equal(new SurfaceOutcome.Done(image.StoreReceipt), await surface.VerifyAsync(image, image.StoreReceipt, progress, Cancelled));
        Assert.Equal(Bytes.Length, progress.Last);

        // The disk lost a bit and told nobody: the receipt is that of the damaged file.
        var damaged = Bytes.ToArray();
        damaged[250_000] ^= 4;
        await File.WriteAllBytesAsync(image.StorePath, damaged, Cancelled);
        image = ServingSite.Examine(image);
        site.Routes.Refresh(image);
        Assert.Equal(200, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Head(path))).Status);

        var refused = Assert.IsType<SurfaceOutcome.Refused>(await surface.VerifyAsync(image, image.StoreReceipt, null, Cancelled));
        Assert.Equal(ReasonCode.HashMismatch, refused.Code);
        Assert.Equal(ReasonCode.HashMismatch, (await site.DoubtAsync()).Code);
        Assert.Equal(404, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Head(path))).Status);
    }

    [Fact]
    public async Task A_listener_that_has_stopped_fails_the_check_and_the_advertising()
    {
        await using var site = await ServingSite.StartAsync();
        var surface = site.Surface("bmc", "127.0.0.0/8");
        var image = site.Store("x.iso", Bytes);
        await site.Listener.DisposeAsync();

        foreach (var outcome in (SurfaceOutcome[])[await surface.CheckAsync(Cancelled), await surface.AdvertiseAsync(image, Cancelled)])
        {
            var refused = Assert.IsType<SurfaceOutcome.Refused>(outcome);
            Assert.Equal(ReasonCode.SurfaceUnreachable, refused.Code);
            Assert.True(refused.Retryable);
        }

        Assert.Contains(await surface.ObserveAsync([new(image, image.StoreReceipt)], Cancelled), finding => finding is { Image: null, Code: ReasonCode.SurfaceUnreachable });
    }

    [Fact]
    public async Task Bytes_that_are_right_in_memory_and_wrong_on_the_disk_are_noticed_before_a_bmc_may_read()
    {
        using var folder = new TempFolder();
        var path = folder.Write("image", Bytes);
        var root = StoreFileInterop.RootOf(Bytes);
        var receipt = new Receipt(1, 2, Bytes.Length, 3, 4, root);
        var drops = 0;

        // Stands for a page cache that hid what the disk did: dropping it brings other bytes to light.
        var files = StoreFileInterop.Files() with { Stat = (_, _) => receipt, DropFromPageCache = _ => Reveal() };
        using var routes = new IsoRoutes(files, Channel.CreateUnbounded<ImageDoubt>().Writer, TimeProvider.System);
        await using var listener = await IsoListener.StartAsync(
            new IsoListenerOptions { Routes = routes, Plain = new IPEndPoint(IPAddress.Loopback, 0) }, NullLoggerFactory.Instance, TimeProvider.System, Cancelled);
        await using var surface = new IpmiSurface(
            new IpmiSurfaceOptions { Name = "bmc", UrlSecret = ServingSite.Secret, Allow = [IPNetwork.Parse("127.0.0.0/8")] },
            listener, TimeProvider.System, NullLogger<IpmiSurface>.Instance);
        var image = new StoredImage(
            new ImageId(new Sha256Digest(SHA256.HashData(Bytes))), root, Bytes.Length, "x.iso", path, receipt, ServingSite.AddedAt);

        var refused = Assert.IsType<SurfaceOutcome.Refused>(await surface.AdvertiseAsync(image, Cancelled));

        Assert.Equal(ReasonCode.HashMismatch, refused.Code);
        Assert.Equal(404, (await RawClient.AskAsync(listener.PlainEndPoint!, RawClient.Get(new Uri(surface.MountOf(image, null)!.Url!).AbsolutePath))).Status);

        void Reveal()
        {
            if (++drops == 3)
            {
                File.WriteAllBytes(path, new byte[Bytes.Length]);
            }
        }
    }

    [Fact]
    public async Task While_it_is_read_back_nobody_but_this_host_is_let_in()
    {
        using var folder = new TempFolder();
        var path = folder.Write("image", Bytes);
        var root = StoreFileInterop.RootOf(Bytes);
        IPEndPoint? server = null;
        string? url = null;
        Task<RawResponse>? bmc = null;
        using var answered = new ManualResetEventSlim();

        async Task<RawResponse> AskAsBmc()
        {
            try
            {
                return await RawClient.AskAsync(server!, RawClient.Get(url!), "127.0.0.5");
            }
            finally
            {
                answered.Set();
            }
        }

        // The check goes no further before the BMC has its answer.
        void AskAndWait()
        {
            bmc ??= Task.Run(AskAsBmc, Cancelled);
            answered.Wait(Cancelled);
        }

        var files = StoreFileInterop.Files() with { DropFromPageCache = _ => AskAndWait() };
        using var routes = new IsoRoutes(files, Channel.CreateUnbounded<ImageDoubt>().Writer, TimeProvider.System);
        await using var listener = await IsoListener.StartAsync(
            new IsoListenerOptions { Routes = routes, Plain = new IPEndPoint(IPAddress.Loopback, 0) }, NullLoggerFactory.Instance, TimeProvider.System, Cancelled);
        await using var surface = new IpmiSurface(
            new IpmiSurfaceOptions { Name = "bmc", UrlSecret = ServingSite.Secret, Allow = [IPNetwork.Parse("127.0.0.5/32")] },
            listener, TimeProvider.System, NullLogger<IpmiSurface>.Instance);
        var image = ServingSite.Examine(new StoredImage(
            new ImageId(new Sha256Digest(SHA256.HashData(Bytes))), root, Bytes.Length, "x.iso", path, default, ServingSite.AddedAt));
        (server, url) = (listener.PlainEndPoint, new Uri(surface.MountOf(image, null)!.Url!).AbsolutePath);

        Assert.IsType<SurfaceOutcome.Done>(await surface.AdvertiseAsync(image, Cancelled));

        Assert.Equal(404, (await bmc!).Status);
        Assert.Equal(200, (await RawClient.AskAsync(server!, RawClient.Get(url), "127.0.0.5")).Status);
        Assert.Equal(404, (await RawClient.AskAsync(server!, RawClient.Get(url), "127.0.0.1")).Status);
    }

    private sealed class Counter : IProgress<long>
    {
        public long Last { get; private set; }

        public void Report(long value) => Last = value;
    }
}
