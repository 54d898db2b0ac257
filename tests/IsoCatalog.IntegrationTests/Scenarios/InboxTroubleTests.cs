using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

public sealed class InboxTroubleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_inbox_that_is_gone_is_drift_until_it_is_back_and_then_takes_up_what_lies_there()
    {
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Extra = "store: { floor: 1MiB }\ninbox: { rescan: 1s }" });
        using var witness = new Witness(site);
        Directory.Delete(site.Inbox);
        var drift = await witness.DriftAsync(ReasonCode.InboxUnlistable);
        Assert.Contains(site.Inbox, drift.Reason, StringComparison.Ordinal);
        await witness.DriftAsync(ReasonCode.WatchIncomplete, site.Inbox);
        Assert.Equal(1, await witness.MetricAsync("""isocatalog_drift{code="inbox-unlistable",surface=""}"""));
        Assert.Equal(drift.Since, (await witness.DriftAsync(ReasonCode.InboxUnlistable)).Since);

        Directory.CreateDirectory(site.Inbox);
        await File.WriteAllBytesAsync(Path.Combine(site.Inbox, "debian-12.iso"), IsoBuilder.InMemory("DEBIAN", 40_000, 1), Cancel);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetImagesAsync(Cancel)).Images.Count == 1, Cancel);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
    }
}
