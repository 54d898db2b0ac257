using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>One site of three has a clock that is 3,000 seconds off. Its wall clock alone is another one, by libfaketime; time passes as it does.</summary>
[Collection(typeof(WholeMachine))]
public sealed class WrongClockTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("+3000s", "ahead")]
    [InlineData("-3000s", "behind")]
    public async Task A_site_with_a_wrong_clock_says_so_and_signs_nothing_while_the_others_go_on_and_later_it_converges(string off, string how)
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        var first = await msk.PutAsync("first.iso", 1);
        var second = await ams.PutAsync("second.iso", 2);
        await ListedAsync(fleet, first, second);

        await msk.StopAsync();
        await msk.StartAgainAsync(Cancel, Clock(off));

        // Alone with a wrong clock it has what it had.
        foreach (var image in new[] { first, second })
        {
            Assert.True(await msk.ListsAsync("bmc", image.Id, Cancel), $"{image.Name} is not on the list after a start with a wrong clock.");
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
        var third = await ams.PutAsync("third.iso", 4);
        await ListedAsync(fleet, first, second, third);

        await msk.StopAsync();
        await msk.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        var fourth = await msk.PutAsync("fourth.iso", 5);
        await ListedAsync(fleet, first, second, third, fourth);
        foreach (var site in fleet.Sites)
        {
            await TestSite.EventuallyAsync(async () => (await OffAsync(site)).Count == 0, Cancel, 60);
        }
    }

    [Fact]
    public async Task M_11_what_a_site_signs_alone_in_the_future_waits_at_the_others_and_counts_when_its_time_has_come()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        var before = await msk.PutAsync("before.iso", 1);
        await ListedAsync(fleet, before);
        await msk.StopAsync();
        await msk.StartAgainAsync(Cancel, Clock("+3000s"));
        await msk.SetPeersAsync([new("ams", "127.0.0.1:1", "127.0.0.1:1"), new("nyc", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        var future = await msk.PutAsync("future.iso", 2);
        await fleet.IntroduceAsync(Cancel);

        // The others have the document, byte for byte, and do not count it.
        foreach (var site in new[] { ams, nyc })
        {
            await TestSite.EventuallyAsync(() => Task.FromResult(Documents(site).IsSupersetOf(Documents(msk))), Cancel);
            Assert.Null(await site.FindAsync(future.Id));
        }

        var meanwhile = await ams.PutAsync("meanwhile.iso", 3);
        await ams.ListsEverywhereAsync(meanwhile);
        await nyc.ListsEverywhereAsync(meanwhile);

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

    private static async Task ListedAsync(TestFleet fleet, params ImageView[] images)
    {
        foreach (var site in fleet.Sites)
        {
            foreach (var image in images)
            {
                await site.ListsEverywhereAsync(image);
            }
        }
    }
}
