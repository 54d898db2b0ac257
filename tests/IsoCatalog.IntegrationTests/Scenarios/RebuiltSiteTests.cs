using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A site whose machine is gone is made anew on another one, with its name and new keys, as docs/operations/lost-site.md has it.</summary>
public sealed class RebuiltSiteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("--revoke")]
    public async Task A_site_that_was_made_anew_raises_no_alarm_anywhere_and_is_heard_at_once(string how)
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var (ams, nyc, lost) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        var first = await lost.PutAsync("first.iso", 1);

        // It had been started more than once, so that its count is ahead of that of a new site.
        await lost.StopAsync();
        await lost.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        var second = await lost.PutAsync("second.iso", 2);
        await fleet.ListsEverywhereAsync(first);
        await fleet.ListsEverywhereAsync(second);
        await lost.StopAsync();

        string[] revoked = how.Length > 0 ? [how] : [];
        await FleetCalls.VerbAsync(0, ["trust", "remove-site", "msk", .. revoked, "--config", ams.ConfigurationPath, "--root-key", ams.RootKey, "--yes"]);
        var msk = await fleet.AddAsync("msk", Cancel);
        await msk.ConfigurePeersAsync([ams, nyc], Cancel);
        await msk.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await msk.ListsEverywhereAsync(first);
        var there = await msk.PutAsync("there.iso", 3);
        var here = await ams.PutAsync("here.iso", 4);
        foreach (var (site, image) in new[] { ams, nyc, msk }.SelectMany(s => new[] { first, second, there, here }.Select(i => (s, i))))
        {
            await site.ListsEverywhereAsync(image);
        }

        // What it holds is believed of it, and not what the lost one said.
        await TestSite.EventuallyAsync(async () => (await ams.Client.GetAvailableAsync(new AvailableRequest("console", "msk"), Cancel)).Images.Count == 4, Cancel);
        foreach (var site in new[] { ams, nyc, msk })
        {
            Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code is "documents-forked" or "documents-refused" or "rolled-back");
            await site.StopAsync();
            await site.StartAgainAsync(Cancel);
            Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code is "documents-forked" or "documents-refused" or "rolled-back");
        }
    }
}
