using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>One site of three has a clock that is 3,000 seconds off. Its wall clock alone is another one, by libfaketime; time passes as it does.</summary>
public sealed class WrongClockTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_with_a_wrong_clock_says_so_and_signs_nothing_new_while_the_others_go_on_and_later_it_converges()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        List<ImageView> images = [await msk.PutAsync("one.iso", 1), await ams.PutAsync("two.iso", 2)];
        await ListedAsync(fleet, images);
        foreach (var (off, how) in new[] { ("+3000s", "ahead"), ("-3000s", "behind") })
        {
            await msk.StopAsync();
            await msk.StartAgainAsync(Cancel, Clock(off));

            // Alone with a wrong clock it has what it had.
            foreach (var image in images)
            {
                Assert.True(await msk.ListsAsync("bmc", image.Id, Cancel), $"{image.Name} is not on the list after a start at {off}.");
            }

            await fleet.IntroduceAsync(Cancel);
            await TestSite.EventuallyAsync(async () => (await OffAsync(msk)).Any(d => d.Site is null), Cancel);
            foreach (var site in new[] { ams, nyc })
            {
                await TestSite.EventuallyAsync(
                    async () => (await OffAsync(site)).Any(d => d.Site == "msk" && d.Reason.Contains(how, StringComparison.Ordinal)), Cancel, 60);
                Assert.DoesNotContain(await OffAsync(site), d => d.Site != "msk");
            }

            var refused = await Assert.ThrowsAsync<ApplianceException>(() => msk.PutAsync("late.iso", 3));
            Assert.Equal((503, "clock-implausible"), (refused.Problem.Status, refused.Problem.Code));
            images.Add(await ams.PutAsync($"while-{how}.iso", images.Count + 10));
            await ListedAsync(fleet, images);
        }

        await msk.StopAsync();
        await msk.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        images.Add(await msk.PutAsync("last.iso", 5));
        await ListedAsync(fleet, images);
        foreach (var site in fleet.Sites)
        {
            await TestSite.EventuallyAsync(async () => (await OffAsync(site)).Count == 0, Cancel, 60);
        }
    }

    [Fact]
    public async Task M_11_what_a_site_signs_alone_in_the_future_waits_at_the_other_and_counts_when_its_time_has_come()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "msk");
        var (ams, msk) = (fleet["ams"], fleet["msk"]);
        var before = await msk.PutAsync("before.iso", 1);
        await ListedAsync(fleet, before);
        await msk.StopAsync();
        await msk.StartAgainAsync(Cancel, Clock("+3000s"));
        await msk.SetPeersAsync([new("ams", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        var future = await msk.PutAsync("future.iso", 2);
        await fleet.IntroduceAsync(Cancel);

        // The other has the document and does not count it.
        await TestSite.EventuallyAsync(() => Task.FromResult(Documents(ams).IsSupersetOf(Documents(msk))), Cancel);
        Assert.Null(await ams.FindAsync(future.Id));

        var meanwhile = await ams.PutAsync("meanwhile.iso", 3);
        await ams.ListsEverywhereAsync(meanwhile);

        // Fifty minutes later, also after a restart of all; msk's clock is right by then.
        foreach (var site in fleet.Sites)
        {
            await site.StopAsync();
            await site.StartAgainAsync(Cancel, Clock("+3000s"));
        }

        await fleet.IntroduceAsync(Cancel);
        await ListedAsync(fleet, before, future, meanwhile);
    }

    private static string[] Clock(string off) => ["env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1", Counterpart.Require("faketime"), "-f", off];

    private static async Task<List<DriftView>> OffAsync(TestSite site) =>
        [.. (await site.Client.GetDriftAsync(Cancel)).Drift.Where(d => d.Code == "clock-implausible")];

    private static HashSet<string> Documents(TestSite site) =>
        [.. Directory.GetFiles(Path.Combine(site.Data, "catalog", "documents", "msk"), "*.json").Select(f => Path.GetFileName(f))];

    private static async Task ListedAsync(TestFleet fleet, params IReadOnlyCollection<ImageView> images)
    {
        foreach (var image in images)
        {
            await fleet.ListsEverywhereAsync(image);
        }
    }
}
