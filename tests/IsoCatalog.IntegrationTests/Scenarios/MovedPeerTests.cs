using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Where a site is, and where it calls from, says nothing about who it is.</summary>
public sealed class MovedPeerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_that_moves_in_mid_transfer_is_found_at_its_new_address_and_the_transfer_goes_on()
    {
        await using var fleet = await TestFleet.PrepareAsync(
            new TestSiteOptions { Extra = "store: { floor: 1MiB }\nfetch: { download: 4MB/s }" }, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await ams.StartAgainAsync(Cancel);
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        var image = await ams.UploadAsync("large.iso", IsoBuilder.InMemory("LARGE", 32 << 20, 1));
        await nyc.KnowsAsync(image.Id, i => i.Ready["nyc"]["bmc"] is { State: CellState.Fetching, Progress: > 0.3 }, seconds: 60);

        await ams.StopAsync();
        var before = ams.FleetAddress;
        await ams.ConfigureAsync("fleet: \"127.0.0.1:0\", swarm: \"127.0.0.1:0\"", "fleet: \"127.0.0.2:0\", swarm: \"127.0.0.2:0\"");
        await ams.StartAgainAsync(Cancel);
        Assert.NotEqual(before, ams.FleetAddress);
        await TestSite.EventuallyAsync(async () => (await nyc.PeerAsync("ams")).ErrorCode == "unreachable", Cancel);

        // It calls the other from its new place before anybody knows that.
        await ams.SetPeersAsync([new("nyc", nyc.FleetAddress!, nyc.SwarmAddress!)], Cancel);
        await TestSite.EventuallyAsync(async () => (await ams.PeerAsync("nyc")).ReachableSince is not null, Cancel);
        await nyc.SetPeersAsync([new("ams", ams.FleetAddress!, ams.SwarmAddress!)], Cancel);
        await TestSite.EventuallyAsync(async () => (await nyc.PeerAsync("ams")) is { ReachableSince: not null, Error: null }, Cancel);
        await nyc.ListsEverywhereAsync(image, seconds: 90);
        await ams.ListsEverywhereAsync(image);
        var fetched = await nyc.MetricAsync("isocatalog_swarm_received_bytes_total");
        Assert.True(fetched < image.Size * 1.3, $"{fetched} bytes were fetched for {image.Size}.");
    }

    [Fact]
    public async Task An_address_that_is_another_sites_is_no_way_to_a_site_and_does_not_mix_them_up()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        await ams.SetPeersAsync([new("nyc", msk.FleetAddress!, msk.SwarmAddress!), new("msk", nyc.FleetAddress!, nyc.SwarmAddress!)], Cancel);
        foreach (var peer in new[] { "nyc", "msk" })
        {
            await TestSite.EventuallyAsync(async () => (await ams.PeerAsync(peer)).ErrorCode == "wrongkey", Cancel);
        }

        await fleet.IntroduceAsync(Cancel);
        var image = await nyc.PutAsync("one.iso", 1);
        await ams.ListsEverywhereAsync(image);
        await msk.ListsEverywhereAsync(image);
    }

    [Fact]
    public async Task A_site_whose_own_address_nobody_knows_gives_and_gets_images_all_the_same()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await ams.SetPeersAsync([new("nyc", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        await nyc.ListsEverywhereAsync(await ListedAtAmsAsync(), seconds: 90);

        async Task<IsoCatalog.Client.ImageView> ListedAtAmsAsync()
        {
            var image = await ams.PutAsync("one.iso", 1);
            await nyc.KnowsAsync(image.Id);
            return image;
        }
    }
}
