using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Images go and come back at several sites, and some are recalled.</summary>
public sealed class FleetRemovalTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_removed_at_one_site_drains_at_each_and_comes_back_without_a_transfer()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        using var there = new Witness(nyc);
        var image = await PutAsync(fleet, "debian-12.iso", 2 << 20);
        var lease = await nyc.Client.TakeLeaseAsync(new LeaseRequest(image.Id.ToString(), "bmc", "127.0.0.1", 600), Cancel);
        await ams.Client.RemoveImageAsync(image.Name, "end of life", Cancel);
        await ams.StoreIsAsync(image, "retired");
        await TestSite.EventuallyAsync(async () => !await nyc.ListsAsync("bmc", image.Id, Cancel), Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(Path.Combine(nyc.Console, image.Name))), Cancel);

        // The other site's leases are its own affair.
        Assert.Equal(200, await there.StatusOfAsync(lease.Mount.Url!));
        Assert.True(File.Exists(nyc.StoreFile(image)));
        await nyc.Client.EndLeaseAsync(lease.Id, Cancel);
        await nyc.StoreIsAsync(image, "retired");

        var before = await ReceivedAsync(fleet);
        await nyc.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
        await fleet.ListsEverywhereAsync(image);
        Assert.Equal(before, await ReceivedAsync(fleet));
        foreach (var site in fleet.Sites)
        {
            using var witness = new Witness(site);
            Assert.Equal(image.Size, (await witness.ServedAsync(image.Id)).Length);
        }
    }

    [Fact]
    public async Task A_recall_at_one_site_empties_the_lists_of_all_and_none_of_them_takes_the_bytes_again()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        using var there = new Witness(nyc);
        var image = await PutAsync(fleet, "debian-12.iso", 1 << 20);
        var before = await ReceivedAsync(fleet);
        await ams.Client.BlockImageAsync(image.Id.ToString(), new BlockRequest("hole"), Cancel);
        foreach (var surface in new[] { "bmc", "console" })
        {
            await TestSite.EventuallyAsync(async () => !await nyc.ListsAsync(surface, image.Id, Cancel), Cancel);
        }

        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(Path.Combine(nyc.Console, image.Name))), Cancel);
        Assert.Contains(await there.EventsAsync(), e => e is { Type: "image", Code: ReasonCode.Blocked } && e.Text.Contains("ams: hole", StringComparison.Ordinal));
        (await nyc.RefusedUploadAsync(IsoBuilder.InMemory("DEBIAN", 1 << 20, 1), "again.iso")).Says("blocked", "hole", "ams");

        await nyc.Client.UnblockImageAsync(image.Id.ToString(), Cancel);
        await fleet.ListsEverywhereAsync(image);
        Assert.Equal(before, await ReceivedAsync(fleet));
    }

    [Fact]
    public async Task An_image_recalled_while_it_is_fetched_leaves_nothing_and_is_fetched_once_that_is_taken_back()
    {
        await using var fleet = await TestFleet.StartAsync(
            new TestSiteOptions { Extra = "store: { floor: 1MiB }\nfetch: { download: 4MB/s }" }, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await using var content = new MemoryStream(IsoBuilder.InMemory("LARGE", 12 << 20, 5));
        var image = await ams.Client.UploadImageAsync(content, "large.iso", null, null, null, Cancel);
        await nyc.KnowsAsync(image.Id, i => i.Ready["nyc"]["bmc"] is { State: CellState.Fetching, Progress: > 0 }, seconds: 60);
        await ams.Client.BlockImageAsync(image.Id.ToString(), new BlockRequest("hole"), Cancel);
        await TestSite.EventuallyAsync(
            () => Task.FromResult(!Directory.EnumerateFiles(Path.Combine(nyc.Data, "staging", "fetch")).Any()), Cancel);
        await nyc.StoreIsAsync(image, "absent");
        Assert.False(File.Exists(nyc.StoreFile(image)));
        Assert.Equal(ReasonCode.Blocked, (await nyc.CellAsync(image.Id, "bmc", Cancel)).Code);

        await ams.Client.UnblockImageAsync(image.Id.ToString(), Cancel);
        await fleet.ListsEverywhereAsync(image);
    }

    private static async Task<ImageView> PutAsync(TestFleet fleet, string name, int size)
    {
        await using var content = new MemoryStream(IsoBuilder.InMemory("DEBIAN", size, 1));
        var image = await fleet.Sites[0].Client.UploadImageAsync(content, name, null, null, null, Cancel);
        await fleet.ListsEverywhereAsync(image);
        return image;
    }

    private static async Task<double> ReceivedAsync(TestFleet fleet)
    {
        var sum = 0.0;
        foreach (var site in fleet.Sites)
        {
            using var witness = new Witness(site);
            sum += await witness.MetricAsync("isocatalog_swarm_received_bytes_total") ?? 0;
        }

        return sum;
    }
}
