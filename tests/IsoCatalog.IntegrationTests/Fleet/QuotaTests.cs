using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>How much one site may put into the catalog, and what is said of one that puts in very much.</summary>
public sealed class QuotaTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_that_goes_beyond_its_quota_is_refused_by_the_others_and_its_own_next_program_brings_it_back()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var (stays, goes) = (await nyc.PutAsync("stays.iso", 1), await nyc.PutAsync("goes.iso", 2));
        await ams.KnowsAsync(goes.Id);

        // Less than nyc has: it is asked for, and nobody is here to answer.
        await FleetCalls.VerbAsync(2, "trust", "quota", "--names", "1", "--config", ams.ConfigurationPath, "--root-key", ams.RootKey);
        await FleetCalls.VerbAsync(2, "trust", "quota", "--config", ams.ConfigurationPath, "--root-key", ams.RootKey);
        await FleetCalls.VerbAsync(2, "trust", "quota", "--entries", "5", "--config", ams.ConfigurationPath, "--root-key", ams.RootKey);
        await nyc.StopAsync();
        var hand = new SiteInHand(nyc);
        await FleetCalls.VerbAsync(0, "trust", "quota", "--names", "3", "--bytes", "1GB", "--config", ams.ConfigurationPath, "--root-key", ams.RootKey);
        var shown = await FleetCalls.VerbAsync(0, "trust", "show", "--config", ams.ConfigurationPath);
        Assert.Contains("quota of each site since version 3: 3 images", shown, StringComparison.Ordinal);
        Assert.Contains("nyc has 2 entries, 2 images", shown, StringComparison.Ordinal);
        var trust = SiteInHand.Read(ams).Trust.Newest.Ref;

        // A program that does not know the quota signs under it, and much more than it allows.
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await nyc.TrustsAsync(3);
        await nyc.StopAsync();
        hand.SignUnder(trust, SiteInHand.Unseen(20));
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await TestSite.EventuallyAsync(
            async () => (await ams.Client.GetDriftAsync(Cancel)).Drift.Any(d => d is { Code: "documents-refused", Site: "nyc" } && d.Reason.Contains("M-16", StringComparison.Ordinal)), Cancel);
        Assert.Equal(new[] { stays.Id, goes.Id }.Order(), (await ams.Client.GetImagesAsync(Cancel)).Images.Select(i => i.Id).Order());
        Assert.Equal(22, (await nyc.Client.GetImagesAsync(Cancel)).Images.Count);

        // The one that knows it says what it may: it removes, and adds nothing.
        await nyc.Client.RemoveImageAsync(goes.Id.ToString(), null, Cancel);
        await TestSite.EventuallyAsync(async () => await ams.FindAsync(goes.Id) is null, Cancel);
        var full = await Assert.ThrowsAsync<ApplianceException>(() => nyc.PutAsync("more.iso", 3));
        Assert.Equal((507, "no-space"), (full.Status, full.Problem.Code));
        Assert.Contains("quota of 'nyc'", full.Problem.Detail, StringComparison.Ordinal);
        var other = await ams.PutAsync("other.iso", 4);
        await nyc.KnowsAsync(other.Id);

        // Once it fits, others have all that it says.
        foreach (var image in (await nyc.Client.GetImagesAsync(Cancel)).Images.Where(i => i.Name.StartsWith("unseen", StringComparison.Ordinal)).SkipLast(1))
        {
            await nyc.Client.RemoveImageAsync(image.Id.ToString(), null, Cancel);
        }

        await TestSite.EventuallyAsync(async () => (await ams.Client.GetImagesAsync(Cancel)).Images.Count == 3, Cancel);
        Assert.Equal("more.iso", (await nyc.PutAsync("more.iso", 3)).Name);
        await FleetCalls.VerbAsync(0, "trust", "quota", "--none", "--config", ams.ConfigurationPath, "--root-key", ams.RootKey);
        Assert.DoesNotContain("quota", await FleetCalls.VerbAsync(0, "trust", "show", "--config", ams.ConfigurationPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_new_entries_than_usual_are_drift_and_a_metric_and_nothing_is_refused()
    {
        await using var site = await TestSite.StartAsync(Cancel, new TestSiteOptions { Extra = "store: { floor: 1MiB }\nalarms: { newPerDay: 2 }" });
        await site.PutAsync("one.iso", 1);
        await site.PutAsync("two.iso", 2);
        Assert.Empty(await NewAsync());
        await site.PutAsync("three.iso", 3);

        var drift = Assert.Single(await NewAsync());
        Assert.Equal("ams", drift.Site);
        Assert.Equal(drift.Since, Assert.Single(await NewAsync()).Since);
        Assert.Equal(3, await site.MetricAsync("isocatalog_catalog_new_entries{site=\"ams\"}"));
        Assert.Equal(1, await site.MetricAsync("isocatalog_drift{code=\"many-new\""));

        async Task<List<DriftView>> NewAsync() => [.. (await site.Client.GetDriftAsync(Cancel)).Drift.Where(d => d.Code == ReasonCode.ManyNew)];
    }
}
