using System.Diagnostics;
using IsoCatalog.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A lease that nobody gives back ends with its time. The site's clock is the one of faketime, so that a minute need not be waited for.</summary>
public sealed class LeaseTimeTests
{
    private static readonly string[] RealMonotonic = ["env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_removed_image_is_held_until_the_lease_runs_out_and_not_longer()
    {
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Wrapper = [.. RealMonotonic, Counterpart.Require("faketime"), "-f", "+0 x4"] });
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1)), Cancel);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "console", "a customer", 60), Cancel);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        Assert.False(await site.ListsAsync("console", image.Id, Cancel));

        // At whatever moment it is looked at: as long as the lease is there, so is the file.
        var looks = 0;
        var watch = Stopwatch.StartNew();
        while (await LeaseAsync(site, lease.Id) is not null)
        {
            Assert.True(File.Exists(Path.Combine(site.Console, image.Name)) || await LeaseAsync(site, lease.Id) is null);
            Assert.True(File.Exists(site.StoreFile(image)) || await LeaseAsync(site, lease.Id) is null);
            looks++;
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), "The lease did not end.");
            await Task.Delay(100, Cancel);
        }

        Assert.True(looks > 10, $"The lease was there at {looks} looks only.");
        await RetiredAsync(site, image);
        Assert.False(File.Exists(Path.Combine(site.Console, image.Name)));
    }

    [Fact]
    public async Task A_lease_that_runs_out_while_the_site_is_down_holds_nothing_after_the_start()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1)), Cancel);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", 60), Cancel);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        Assert.Equal(200, await witness.StatusOfAsync(lease.Mount.Url!));
        await site.StopAsync();
        await site.StartAgainAsync(Cancel, [.. RealMonotonic, Counterpart.Require("faketime"), "-f", "+61s"]);
        await RetiredAsync(site, image);
        Assert.Null(await LeaseAsync(site, lease.Id));
        var path = new Uri(lease.Mount.Url!).AbsolutePath;
        var iso = site.Iso!.Contains("://", StringComparison.Ordinal) ? site.Iso : "http://" + site.Iso;
        Assert.Equal(404, await witness.StatusOfAsync(iso.TrimEnd('/') + path));
    }

    private static async Task<LeaseView?> LeaseAsync(TestSite site, string lease) =>
        (await site.Client.GetLeasesAsync(Cancel)).Leases.FirstOrDefault(l => l.Id == lease);

    private static Task RetiredAsync(TestSite site, ImageView image) => TestSite.EventuallyAsync(
        () => Task.FromResult(File.Exists(Path.Combine(site.Data, "retired", image.Root.ToString())) && !File.Exists(site.StoreFile(image))), Cancel);
}
