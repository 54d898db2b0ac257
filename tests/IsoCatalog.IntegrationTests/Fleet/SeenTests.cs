using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>What an operator sees at one site of the whole fleet.</summary>
public sealed class SeenTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_site_its_transfers_and_its_cells_are_seen_from_each_other_one()
    {
        await using var fleet = await TestFleet.PrepareAsync(
            new TestSiteOptions { OwnProcess = true, Extra = "store: { floor: 1MiB }\nfetch: { download: 2MiB/s }" }, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await ams.StartAgainAsync(Cancel);
        Assert.Equal("unknown", (await ams.Client.GetSitesAsync(Cancel)).Sites.Single(s => s.Id == "nyc").State);
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await TestSite.EventuallyAsync(async () => (await ams.Client.GetSitesAsync(Cancel)).Sites.All(s => s.State == "ok"), Cancel);

        var file = Path.Combine(ams.Root, "large.iso");
        await File.WriteAllBytesAsync(file, IsoBuilder.InMemory("LARGE", 16 << 20, 1), Cancel);
        await using var bytes = File.OpenRead(file);
        var image = await ams.Client.UploadImageAsync(bytes, "large.iso", null, null, null, Cancel);

        TransferView? moving = null;
        await TestSite.EventuallyAsync(
            async () => (moving = (await nyc.Client.GetTransfersAsync(Cancel)).Transfers.FirstOrDefault(t => t is { State: "fetching", Rate: > 0, SecondsLeft: not null })) is not null,
            Cancel);
        Assert.Equal((image.Id, "large.iso", image.Size), (moving!.Image, moving.Name, moving.Size));
        Assert.Contains(moving.Peers, p => p.Name == "ams" && p.Progress > 0.99);
        await TestSite.EventuallyAsync(
            async () => (await ams.Client.GetTransfersAsync(Cancel)).Uploads.Any(u => u.Peer == "nyc" && u.Image == image.Id), Cancel);
        CellView? waiting = null;
        await TestSite.EventuallyAsync(
            async () => (waiting = await ams.CellAsync(image.Id, "bmc", Cancel)).Code == ReasonCode.WaitingForSites, Cancel);
        Assert.Contains("nyc", waiting!.Reason, StringComparison.Ordinal);
        var (_, picture, _) = await TestSite.RunAsync(["status", "--socket", nyc.Socket], Cancel);
        Assert.Matches("FETCHING +STATE +DONE", picture);
        Assert.Matches(@"large\.iso +(fetching|finishing|verifying|waiting) +\[[#.]{16}\]", picture);

        foreach (var site in fleet.Sites)
        {
            await TestSite.EventuallyAsync(
                async () => (await site.Client.GetImageAsync(image.Id.ToString(), Cancel)).Ready.Values.All(c => c.Count == 2 && c.Values.All(s => s.State == CellState.Advertised)),
                Cancel,
                seconds: 60);
            Assert.Equal(site.Id, (await site.Client.GetImageAsync("large.iso", Cancel)).Ready.Keys.First());
        }

        await TestSite.EventuallyAsync(async () => (await ams.Client.GetSitesAsync(Cancel)).Sites.All(s => s is { Missing: 0, Behind: 0, Images: 1 }), Cancel);
        var there = (await ams.Client.GetSitesAsync(Cancel)).Sites.Single(s => !s.Self);
        Assert.Equal(["bmc", "console"], there.Surfaces.Select(s => s.Name).Order(StringComparer.Ordinal));
        Assert.All(there.Surfaces, s => Assert.Equal((1, 1), (s.Available, s.Wanted)));
        Assert.Equal(2, there.Trust);
        Assert.NotNull(there.Link!.ReachableSince);
        Assert.Equal(nyc.FleetAddress, there.Link.Address);
        Assert.Empty((await nyc.Client.GetTransfersAsync(Cancel)).Transfers);
        Assert.DoesNotContain((await ams.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == ReasonCode.SiteLate);

        using var caller = new ApiCaller(nyc.Api);
        var page = (await caller.GetAsync("/metrics")).Text;
        await SiteMetricsTests.PleasesPromtoolAsync(page);
        Assert.Empty(SiteMetricsTests.Served(page).Except(await SiteMetricsTests.DocumentedAsync()).Order(StringComparer.Ordinal));
        Assert.Contains("isocatalog_site_up{site=\"ams\"} 1\n", page, StringComparison.Ordinal);
        Assert.Contains("isocatalog_site_heard_age_seconds{site=\"ams\"}", page, StringComparison.Ordinal);
        Assert.Contains("isocatalog_catalog_age_seconds{site=\"ams\"}", page, StringComparison.Ordinal);
        Assert.Contains("isocatalog_swarm_received_bytes_total", page, StringComparison.Ordinal);

        await nyc.KillAsync();
        await TestSite.EventuallyAsync(async () => (await ams.Client.GetSitesAsync(Cancel)).Sites.Single(s => !s.Self).Link!.ErrorCode is not null, Cancel);
    }
}
