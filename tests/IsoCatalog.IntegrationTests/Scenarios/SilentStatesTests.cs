using System.Net;
using System.Net.Sockets;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Files;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>States in which nothing is wrong with what a site has, and something is held back all the same: on real sites for whom a quarter of an hour passes in a
/// minute. Each is in drift and in the metrics of every site that knows it.</summary>
public sealed class SilentStatesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>It answers all the time, and never has the image: there is no room for it in its store, or on one of its surfaces.</summary>
    [Theory]
    [InlineData("bmc is fetching (no-space)")]
    [InlineData("console is absent (no-space)")]
    public async Task A_site_that_answers_and_never_has_an_image_is_named_and_after_a_quarter_of_an_hour_not_waited_for(string why)
    {
        await using var disk = await MountedFolder.TmpfsAsync("2m");
        await using var fleet = await PrepareAsync("ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var mends = why.StartsWith("console", StringComparison.Ordinal);
        await (mends ? nyc.ConfigureAsync(nyc.Console, disk.Path) : nyc.ConfigureAsync("floor: 1MiB", "floor: 900TiB"));
        await StartAsync(fleet);
        var image = await ams.UploadAsync("held.iso", IsoBuilder.InMemory("HELD", 4 << 20, 1));
        var held = await DriftAsync(ams, ReasonCode.WaitingForSites, image.Id, why);
        Assert.Equal("nyc", held.Site);
        Assert.Contains("offered nowhere yet", held.Reason, StringComparison.Ordinal);
        Assert.True(await ams.MetricAsync("isocatalog_drift{code=\"waiting-for-sites\"") > 0);
        Assert.True(await nyc.MetricAsync("isocatalog_drift{code=\"no-space\"") > 0);
        Assert.False(await ams.ListsAsync("bmc", image.Id, Cancel));

        await ams.ListsEverywhereAsync(image, seconds: 120);
        var left = await DriftAsync(ams, ReasonCode.WaitingForSites, image.Id, "other sites do not wait for it");
        Assert.Equal((held.Site, held.Since), (left.Site, left.Since));
        Assert.Contains("is not waited for", (await ams.Client.GetImageAsync(image.Id.ToString(), Cancel)).Ready["nyc"]["console"].Reason, StringComparison.Ordinal);
        Assert.DoesNotContain((await ams.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == ReasonCode.SiteLate);

        if (mends)
        {
            await disk.RemountAsync("size=64m");
            await nyc.ListsEverywhereAsync(image);
            await TestSite.EventuallyAsync(async () => (await ams.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
            Assert.Equal(0, await ams.MetricAsync("isocatalog_drift{code=\"waiting-for-sites\""));
        }
    }

    [Fact]
    public async Task A_swarm_port_that_is_closed_is_drift_where_the_bytes_do_not_come_and_where_they_wait()
    {
        await using var fleet = await PrepareAsync("ams", "nyc");
        await fleet.StartAgainAsync(Cancel);
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await ams.SetPeersAsync([new PeerAddress("nyc", nyc.FleetAddress!, Closed())], Cancel);
        await nyc.SetPeersAsync([new PeerAddress("ams", ams.FleetAddress!, Closed())], Cancel);
        var image = await ams.PutAsync("stuck.iso", 1);

        var there = await DriftAsync(nyc, ReasonCode.WaitingForSource, image.Id);
        Assert.Contains("swarm ports (58889)", there.Reason, StringComparison.Ordinal);
        Assert.Contains("ams", there.Reason, StringComparison.Ordinal);
        Assert.True(await nyc.MetricAsync("isocatalog_drift{code=\"waiting-for-source\"") > 0);
        var here = await DriftAsync(ams, ReasonCode.WaitingForSites, image.Id);
        Assert.Equal("nyc", here.Site);
        Assert.Equal(there.Since, (await DriftAsync(nyc, ReasonCode.WaitingForSource, image.Id)).Since);

        await fleet.IntroduceAsync(Cancel);
        await fleet.ListsEverywhereAsync(image);
        await TestSite.EventuallyAsync(async () => (await nyc.Client.GetDriftAsync(Cancel)).Drift.Count + (await ams.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
    }

    /// <summary>The third hands on what each says, so nobody is late.</summary>
    [Fact]
    public async Task A_peer_that_can_be_dialled_and_cannot_dial_is_drift_at_both_ends()
    {
        await using var fleet = await PrepareAsync("ams", "nyc", "msk");
        await StartAsync(fleet);
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        await nyc.SetPeersAsync([new PeerAddress("ams", Closed(), ams.SwarmAddress!), new PeerAddress("msk", msk.FleetAddress!, msk.SwarmAddress!)], Cancel);

        var called = await DriftAsync(ams, ReasonCode.PeerCannotCall);
        Assert.Equal("nyc", called.Site);
        Assert.Contains("does not call it", called.Reason, StringComparison.Ordinal);
        var calling = await DriftAsync(nyc, ReasonCode.PeerUnreachable);
        Assert.Equal("ams", calling.Site);
        Assert.True(await ams.MetricAsync("isocatalog_drift{code=\"peer-cannot-call\"") > 0);
        Assert.True(await nyc.MetricAsync("isocatalog_drift{code=\"peer-unreachable\"") > 0);
        Assert.Equal(called.Since, (await DriftAsync(ams, ReasonCode.PeerCannotCall)).Since);

        await fleet.IntroduceAsync(Cancel);
        await TestSite.EventuallyAsync(async () => (await nyc.Client.GetDriftAsync(Cancel)).Drift.Count + (await ams.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
    }

    [Fact]
    public async Task A_foreign_file_lies_there_since_it_was_found_and_another_has_a_beginning_of_its_own()
    {
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Clock = _ => new HurriedClock(20) });
        var (one, other) = (Path.Combine(site.Console, "foreign-1.iso"), Path.Combine(site.Console, "foreign-2.iso"));
        await File.WriteAllTextAsync(one, "x", Cancel);
        var first = await DriftAsync(site, ReasonCode.ForeignFile, words: one);
        await File.WriteAllTextAsync(other, "x", Cancel);
        var second = await DriftAsync(site, ReasonCode.ForeignFile, words: other);
        Assert.True(second.Since > first.Since);
        Assert.Equal(first.Since, (await DriftAsync(site, ReasonCode.ForeignFile, words: one)).Since);
        Assert.Equal(second.Since, (await DriftAsync(site, ReasonCode.ForeignFile, words: other)).Since);

        File.Delete(one);
        var asked = first.Since;
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)) is { Drift.Count: 1 } list && (asked = list.AsOf) > DateTimeOffset.MinValue, Cancel);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).AsOf > asked.AddMinutes(3), Cancel);
        await File.WriteAllTextAsync(one, "x", Cancel);
        Assert.True((await DriftAsync(site, ReasonCode.ForeignFile, words: one)).Since > asked);
    }

    private static Task<TestFleet> PrepareAsync(params string[] ids)
    {
        var clock = new HurriedClock(20);
        return TestFleet.PrepareAsync(new TestSiteOptions { Clock = _ => clock }, Cancel, ids);
    }

    private static async Task StartAsync(TestFleet fleet)
    {
        await fleet.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
    }

    private static async Task<DriftView> DriftAsync(TestSite site, string code, ImageId? image = null, string words = "")
    {
        DriftList? drift = null;
        DriftView? found = null;
        await TestSite.EventuallyAsync(
            async () => (found = (drift = await site.Client.GetDriftAsync(Cancel)).Drift.FirstOrDefault(
                d => d.Code == code && (image is null || d.Image == image) && d.Reason.Contains(words, StringComparison.Ordinal))) is not null,
            Cancel,
            seconds: 120,
            () => $"{code} at {site.Id}: {string.Join("; ", drift!.Drift)}");
        return found!;
    }

    /// <summary>A port of this machine that nobody listens on.</summary>
    private static string Closed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener.LocalEndpoint.ToString()!;
    }
}
