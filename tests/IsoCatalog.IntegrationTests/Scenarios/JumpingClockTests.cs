using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>The clock of a machine is set while its site runs.</summary>
public sealed class JumpingClockTests
{
    private static readonly TimeSpan TenYears = TimeSpan.FromDays(3650);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(3650)]
    [InlineData(-3650)]
    public async Task What_one_of_three_takes_away_or_recalls_under_a_clock_that_jumped_the_others_take_at_once_and_its_adds_are_refused(int days)
    {
        var clocks = new[] { "ams", "nyc", "msk" }.ToDictionary(s => s, _ => new SteppedClock());
        await using var fleet = await TestFleet.StartAsync(new TestSiteOptions { Clock = s => clocks[s] }, Cancel, "ams", "nyc", "msk");
        var (ams, msk) = (fleet["ams"], fleet["msk"]);
        var removed = await ams.PutAsync("removed.iso", 1);
        var recalled = await msk.PutAsync("recalled.iso", 2);
        var stays = await ams.PutAsync("stays.iso", 3);
        foreach (var image in new[] { removed, recalled, stays })
        {
            await fleet.ListsEverywhereAsync(image);
        }

        clocks["msk"].Off = TimeSpan.FromDays(days);
        await msk.Client.RemoveImageAsync(removed.Name, null, Cancel);
        await msk.Client.BlockImageAsync(recalled.Name, new BlockRequest("CVE"), Cancel);
        await TestSite.EventuallyAsync(async () => await ams.FindAsync(removed.Id) is null, Cancel, 10);
        await TestSite.EventuallyAsync(async () => !await ams.ListsAsync("console", recalled.Id, Cancel), Cancel, 10);
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => msk.PutAsync("late.iso", 4));
        refused.Problem.Says("clock-implausible", "ams says", "nyc says", "timedatectl");
        Assert.DoesNotContain("most sites", refused.Problem.Detail, StringComparison.Ordinal);
        await TestSite.EventuallyAsync(async () => (await ams.ClockDriftAsync()).Any(d => d.Site == "msk"), Cancel, 60);
        await msk.Client.RestoreImageAsync(removed.Id.ToString(), Cancel);
        await ams.ListsEverywhereAsync(removed);
        var meanwhile = await ams.PutAsync("meanwhile.iso", 5);
        await fleet.ListsEverywhereAsync(meanwhile);
        Assert.True(await msk.ListsAsync("console", stays.Id, Cancel));

        clocks["msk"].Off = TimeSpan.Zero;
        await fleet.ListsEverywhereAsync(await msk.PutAsync("late.iso", 4));
        foreach (var site in fleet.Sites)
        {
            await TestSite.EventuallyAsync(async () => (await site.ClockDriftAsync()).Count == 0, Cancel, 60);
        }
    }

    [Theory]
    [InlineData(3650)]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(-3650)]
    public async Task Of_two_sites_one_with_a_wrong_clock_does_not_stop_the_other(int days)
    {
        var clocks = new[] { "ams", "nyc" }.ToDictionary(s => s, _ => new SteppedClock());
        await using var fleet = await TestFleet.StartAsync(new TestSiteOptions { Clock = s => clocks[s] }, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await fleet.ListsEverywhereAsync(await nyc.PutAsync("before.iso", 1));
        await nyc.StopAsync();
        clocks["nyc"].Off = TimeSpan.FromDays(days);
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await TestSite.EventuallyAsync(async () => (await ams.ClockDriftAsync()).Any(d => d.Site == "nyc"), Cancel, 60);

        await ams.ListsEverywhereAsync(await ams.PutAsync("at-ams.iso", 2));
        Assert.DoesNotContain(await ams.ClockDriftAsync(), d => d.Site is null);
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => nyc.PutAsync("at-nyc.iso", 3));
        refused.Problem.Says("clock-implausible", "timedatectl");
        await nyc.Client.RemoveImageAsync("before.iso", null, Cancel);
        await TestSite.EventuallyAsync(async () => (await ams.Client.GetImagesAsync(Cancel)).Images.All(i => i.Name != "before.iso"), Cancel);
    }

    [Fact]
    public async Task A_clock_that_is_set_far_back_or_ahead_ends_nothing_of_a_site_and_stops_no_work_that_goes_by_time()
    {
        var clock = new SteppedClock();
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Clock = _ => clock });
        foreach (var (off, seed) in new[] { (-TenYears, 1), (TenYears, 2), (-TenYears * 5, 3), (TimeSpan.Zero, 4) })
        {
            clock.Off = off;
            if ((await site.Client.GetImagesAsync(Cancel)).Images is [var image, ..])
            {
                // Found by the look at each second, or by what the kernel tells; then published again, after a pause if need be.
                File.Delete(Path.Combine(site.Console, image.Name));
                await TestSite.EventuallyAsync(() => Task.FromResult(File.Exists(Path.Combine(site.Console, image.Name))), Cancel, 60);
                await site.ListsEverywhereAsync(image);
            }

            clock.Off = TimeSpan.Zero;
            await File.WriteAllBytesAsync(Path.Combine(site.Inbox, $"inbox-{seed}.iso"), IsoBuilder.InMemory("TEST", 20_000, seed), Cancel);
            List<DriftView> drift = [];
            await TestSite.EventuallyAsync(
                async () => (drift = [.. (await site.Client.GetDriftAsync(Cancel)).Drift]) is not null
                    && (await site.Client.GetImagesAsync(Cancel)).Images.Any(i => i.Name == $"inbox-{seed}.iso"),
                Cancel,
                otherwise: () => string.Join(" ", drift.Select(d => d.Reason)));
            Assert.False(site.HasExited);
        }
    }
}
