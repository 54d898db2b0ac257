using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>The machine has no inotify watch left: the limit of a user namespace of the site's own (namespaces(7)) is lower than the folders are many.</summary>
public sealed class WatchLimitTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_watch_left_it_is_said_once_and_damage_is_noticed_at_the_next_check()
    {
        await using var site = await Scenario.PrepareAsync(TestSiteOptions.InOwnProcess);
        await site.StartAgainAsync(
            Cancel, [Counterpart.Require("unshare"), "--user", "--map-root-user", "sh", "-c", "echo 30 > /proc/sys/user/max_inotify_watches; exec \"$@\"", "--"]);
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 40_000, 1)), Cancel);
        var drift = await witness.DriftAsync(ReasonCode.WatchIncomplete);
        Assert.Contains("fs.inotify.max_user_watches", drift.Reason, StringComparison.Ordinal);

        File.Delete(Path.Combine(site.Console, image.Name));
        await TestSite.EventuallyAsync(async () => (await site.CellAsync(image.Id, "console", Cancel)).State != CellState.Advertised, Cancel);
        await witness.ListedAsync(image.Id, "console");

        // The store is looked at each ten seconds, and so are the folders that are not watched; this takes two rounds.
        File.Delete(site.StoreFile(image));
        await witness.DriftAsync(ReasonCode.StoreMissing);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        var second = await site.AddAsync(site.Write("debian-13.iso", IsoBuilder.InMemory("DEBIAN", 40_000, 2)), Cancel);
        File.Delete(site.StoreFile(second));
        await witness.DriftAsync(ReasonCode.StoreMissing, second.Name);

        Assert.Equal(drift.Since, (await witness.DriftAsync(ReasonCode.WatchIncomplete)).Since);
        Assert.Equal(1, await witness.MetricAsync("""isocatalog_drift_found_total{code="watch-incomplete",surface=""}"""));
        var log = await site.StopAsync();
        Assert.InRange(log.Split("inotify").Length - 1, 0, 3);
    }
}
