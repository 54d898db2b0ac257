using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Something was added under a clock ten years ahead.</summary>
public sealed class ClockRepairTests
{
    private static readonly TimeSpan TenYears = TimeSpan.FromDays(3650);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_alone_removes_and_recalls_at_once_and_adds_again_after_the_repair_and_nothing_earlier_is_lost()
    {
        var clock = new SteppedClock();
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Clock = _ => clock });
        var old = await site.PutAsync("old.iso", 1);
        var gone = await site.PutAsync("gone.iso", 2);
        await RestartAsync(site, clock, TenYears);
        var future = await site.PutAsync("future.iso", 3);
        await RestartAsync(site, clock, TimeSpan.Zero);

        // What is wrong is told, and whose word it is, and both ways out.
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.PutAsync("new.iso", 4));
        refused.Problem.Says("clock-implausible", "'ams' signed", "timedatectl", "isocatalog trust repair-clock ams");
        Assert.Contains("repair-clock ams", Assert.Single(await site.ClockDriftAsync()).Reason, StringComparison.Ordinal);
        await site.Client.RemoveImageAsync(gone.Name, null, Cancel);
        Assert.Null(await site.FindAsync(gone.Id));
        await site.Client.BlockImageAsync(future.Id.ToString(), new BlockRequest("CVE"), Cancel);
        Assert.NotNull(await site.FindAsync(old.Id));

        var (exit, output, errors) = await TestSite.RunAsync(
            ["trust", "repair-clock", "ams", "--config", site.ConfigurationPath, "--root-key", site.RootKey, "--yes", "--json"], Cancel);
        Assert.True(exit == 0, errors);
        using var report = JsonDocument.Parse(output);
        Assert.Equal("future.iso", Assert.Single(report.RootElement.GetProperty("setAside").EnumerateArray()).GetProperty("name").GetString());
        await FleetCalls.VerbAsync(5, "trust", "repair-clock", "ams", "--config", site.ConfigurationPath, "--root-key", site.RootKey, "--yes");
        Assert.Empty(await site.ClockDriftAsync());
        var added = await site.PutAsync("new.iso", 4);
        for (var restarts = 0; restarts < 2; restarts++)
        {
            Assert.Equal(new[] { added.Id, old.Id }.Order(), (await site.Client.GetImagesAsync(Cancel)).Images.Select(i => i.Id).Order());
            await site.ListsEverywhereAsync(old);
            await site.ListsEverywhereAsync(added);
            Assert.Contains("future.iso", await FleetCalls.VerbAsync(0, "trust", "show", "--config", site.ConfigurationPath), StringComparison.Ordinal);
            Assert.Contains((await site.Client.GetBlocksAsync(Cancel)).Blocks, b => b.Id == future.Id);
            await RestartAsync(site, clock, TimeSpan.Zero);
        }

        // The bytes are where they were, and can be added again.
        await site.Client.UnblockImageAsync(future.Id.ToString(), Cancel);
        var again = await site.AddPathAsync(new AddRequest(site.StoreFile(future), Name: "future.iso"));
        Assert.Equal("done", again.State);
        await site.ListsEverywhereAsync(future);
        Assert.DoesNotContain("future.iso", await FleetCalls.VerbAsync(0, "trust", "show", "--config", site.ConfigurationPath), StringComparison.Ordinal);
        Assert.Empty(await site.ClockDriftAsync());
    }

    [Fact]
    public async Task A_removal_and_a_recall_under_a_clock_ten_years_ahead_stand_after_the_repair_that_is_installed_while_the_site_is_down()
    {
        var clock = new SteppedClock();
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Clock = _ => clock });
        var old = await site.PutAsync("old.iso", 1);
        var removed = await site.PutAsync("removed.iso", 2);
        var recalled = await site.PutAsync("recalled.iso", 3);
        await RestartAsync(site, clock, TenYears);
        await site.Client.RemoveImageAsync(removed.Name, null, Cancel);
        await site.Client.BlockImageAsync(recalled.Name, new BlockRequest("CVE"), Cancel);
        await site.StopAsync();
        await RepairAsync(site, "ams");
        clock.Off = TimeSpan.Zero;
        await site.StartAgainAsync(Cancel);

        Assert.Equal([old.Id], (await site.Client.GetAvailableAsync(new AvailableRequest("console"), Cancel)).Images.Select(i => i.Id));
        Assert.Null(await site.FindAsync(removed.Id));
        await site.PutAsync("new.iso", 4);
        await site.Client.RestoreImageAsync(removed.Id.ToString(), Cancel);
        await site.ListsEverywhereAsync(removed);
    }

    [Fact]
    public async Task Three_sites_sign_again_at_once_and_after_the_repair_say_the_same()
    {
        var clocks = new[] { "ams", "nyc", "msk" }.ToDictionary(s => s, _ => new SteppedClock());
        await using var fleet = await TestFleet.StartAsync(new TestSiteOptions { Clock = s => clocks[s] }, Cancel, "ams", "nyc", "msk");
        var (ams, msk) = (fleet["ams"], fleet["msk"]);
        var old = await msk.PutAsync("old.iso", 1);
        var gone = await msk.PutAsync("gone.iso", 2);
        await fleet.ListsEverywhereAsync(old);
        await fleet.ListsEverywhereAsync(gone);

        // Cut off from the others, so that nobody contradicts.
        await msk.StopAsync();
        clocks["msk"].Off = TenYears;
        await msk.StartAgainAsync(Cancel);
        await msk.SetPeersAsync([new("ams", "127.0.0.1:1", "127.0.0.1:1"), new("nyc", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        var future = await msk.PutAsync("future.iso", 3);

        // With the clock right and still alone: a removal, which the others take as soon as they hear of it.
        await msk.StopAsync();
        clocks["msk"].Off = TimeSpan.Zero;
        await msk.StartAgainAsync(Cancel);
        await msk.SetPeersAsync([new("ams", "127.0.0.1:1", "127.0.0.1:1"), new("nyc", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        await msk.Client.RemoveImageAsync(gone.Name, null, Cancel);
        await fleet.IntroduceAsync(Cancel);
        await TestSite.EventuallyAsync(async () => await ams.FindAsync(gone.Id) is null, Cancel);

        // The others agree with the clock, so msk adds again, without anybody's root key.
        await TestSite.EventuallyAsync(async () => (await msk.Client.GetPeersAsync(Cancel)).Peers.All(p => p.ReachableSince is not null), Cancel);
        var added = await msk.PutAsync("new.iso", 4);
        await fleet.ListsEverywhereAsync(added);
        await fleet.ListsEverywhereAsync(old);
        Assert.Null(await ams.FindAsync(future.Id));
        await TestSite.EventuallyAsync(async () => (await msk.ClockDriftAsync()).Any(d => d.Site == "msk" && d.Reason.Contains("repair-clock msk", StringComparison.Ordinal)), Cancel);

        await RepairAsync(ams, "msk", at: msk);
        foreach (var site in fleet.Sites)
        {
            await site.TrustsAsync(4);
            await TestSite.EventuallyAsync(async () => await site.FindAsync(future.Id) is null, Cancel);
            List<DriftView> drift = [];
            await TestSite.EventuallyAsync(
                async () => (drift = await site.ClockDriftAsync()).Count == 0, Cancel, otherwise: () => $"{site.Id}: {string.Join(" ", drift.Select(d => d.Reason))}");
            Assert.NotNull(await site.FindAsync(old.Id));
            Assert.NotNull(await site.FindAsync(added.Id));
            Assert.Null(await site.FindAsync(gone.Id));
        }

        Assert.Equal(future.Id, (await msk.PutAsync("future.iso", 3)).Id);
        await fleet.ListsEverywhereAsync(future);
    }

    private static async Task RestartAsync(TestSite site, SteppedClock clock, TimeSpan off)
    {
        await site.StopAsync();
        clock.Off = off;
        await site.StartAgainAsync(Cancel);
    }

    private static Task<string> RepairAsync(TestSite keys, string site, TestSite? at = null) =>
        FleetCalls.VerbAsync(0, "trust", "repair-clock", site, "--config", (at ?? keys).ConfigurationPath, "--root-key", keys.RootKey, "--yes");
}
