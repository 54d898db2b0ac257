using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A site that was taken out of the fleet is let in again.</summary>
public sealed class ReturnedSiteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("--revoke")]
    public async Task A_site_that_was_taken_out_comes_back_with_new_keys_and_what_it_has(string how)
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "msk");
        var (ams, msk) = (fleet["ams"], fleet["msk"]);
        var before = await msk.PutAsync("before.iso", 1);
        await ams.ListsEverywhereAsync(before);
        string[] revoked = how.Length > 0 ? [how] : [];
        await FleetCalls.VerbAsync(0, ["trust", "remove-site", "msk", .. revoked, "--config", ams.ConfigurationPath, "--root-key", ams.RootKey, "--yes"]);
        Assert.Contains("active", await FleetCalls.VerbAsync(5, "trust", "remove-site", "msk", "--config", ams.ConfigurationPath, "--root-key", ams.RootKey, "--yes"), StringComparison.Ordinal);
        await msk.TrustsAsync(3);
        await TestSite.EventuallyAsync(async () => (await msk.Client.GetDriftAsync(Cancel)).Drift.Any(d => d.Code == "site-not-trusted"), Cancel);

        // Not while it runs, and never with the keys that were taken from it.
        var keys = await File.ReadAllTextAsync(msk.TlsKey(), Cancel);
        await FleetCalls.VerbAsync(6, "init", "--config", msk.ConfigurationPath, "--join", "--address", "127.0.0.1");
        await msk.StopAsync();
        var join = Path.Combine(msk.Root, "join-again.json");
        await FleetCalls.VerbAsync(0, "init", "--config", msk.ConfigurationPath, "--join", "--address", "127.0.0.1");
        Assert.NotEqual(keys, await File.ReadAllTextAsync(msk.TlsKey(), Cancel));
        await FleetCalls.VerbAsync(0, "trust", "add-site", msk.JoinRequest, "--config", ams.ConfigurationPath, "--root-key", ams.RootKey, "--yes", "--out", join);
        await FleetCalls.VerbAsync(0, "join", join, "--config", msk.ConfigurationPath);
        await msk.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);

        await msk.ListsEverywhereAsync(before);
        var there = await msk.PutAsync("there.iso", 2);
        var here = await ams.PutAsync("here.iso", 3);
        await ams.ListsEverywhereAsync(there);
        await msk.ListsEverywhereAsync(here);
        Assert.Empty((await msk.Client.GetDriftAsync(Cancel)).Drift);
        Assert.DoesNotContain((await ams.Client.GetDriftAsync(Cancel)).Drift, d => d.Code is "documents-forked" or "documents-refused");

        // An active site is not given other keys by a slip.
        await msk.StopAsync();
        await FleetCalls.VerbAsync(6, "init", "--config", msk.ConfigurationPath, "--join", "--address", "127.0.0.1");
    }
}
