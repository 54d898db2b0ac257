using System.Diagnostics;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Ovirt;
using IsoCatalog.Testing;
using Xunit;
using EngineDomain = IsoCatalog.Simulators.Engine.EngineDomain;

namespace IsoCatalog.IntegrationTests.Ovirt;

/// <summary>An image is offered once the engine lists it, and as long as it does.</summary>
public sealed class EngineConfirmationTests
{
    private static CancellationToken Cancel => OvirtBench.Cancel;

    [Fact]
    public async Task Many_publications_share_one_refresh()
    {
        await using var bench = await OvirtBench.StartAsync(OvirtBench.Quick with { Gather = TimeSpan.FromSeconds(1) });
        var images = Enumerable.Range(0, 20).Select(i => bench.Put($"image-{i:00}.iso", 5000).Image).ToList();
        foreach (var image in images)
        {
            OvirtBench.Done(await bench.Surface.StageAsync(image, null, Cancel));
        }

        var before = bench.Forced.Count();
        var outcomes = await Task.WhenAll(images.Select(i => bench.Surface.AdvertiseAsync(i, Cancel)));

        Assert.All(outcomes, o => OvirtBench.Done(o));
        Assert.InRange(bench.Forced.Count() - before, 1, 3);
        Assert.Equal(images.Select(i => i.FileName), await bench.ListedAsync());
    }

    [Fact]
    public async Task Refreshes_keep_their_distance()
    {
        var floor = TimeSpan.FromMilliseconds(400);
        var watch = Stopwatch.StartNew();
        await using var bench = await OvirtBench.StartAsync(OvirtBench.Quick with { Floor = floor });
        for (var i = 0; i < 5; i++)
        {
            await bench.ListedAsync();
        }

        Assert.True(watch.Elapsed >= (6 - RefreshPace.Burst) * floor, $"Six refreshes took {watch.Elapsed}.");
    }

    [Fact]
    public async Task What_is_published_right_after_the_look_at_a_start_does_not_wait_for_the_distance()
    {
        await using var bench = await OvirtBench.StartAsync(OvirtBench.Quick with { Floor = TimeSpan.FromHours(1) });

        await bench.PublishAsync(bench.Put("a.iso").Image).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
    }

    [Fact]
    public async Task The_status_is_asked_before_and_after_the_list()
    {
        await using var bench = await OvirtBench.StartAsync();
        await bench.ListedAsync();

        var asked = bench.Engine.Requests.Select(r => r.Target).Where(t => t.Contains("/storagedomains/", StringComparison.Ordinal)).TakeLast(5).ToList();
        Assert.Equal(
            ["status", "list", "status"],
            asked.Select(t => t.Contains("refresh=true", StringComparison.Ordinal) ? "list" : t.Contains("/datacenters/", StringComparison.Ordinal) ? "status" : null).OfType<string>());
    }

    [Fact]
    public async Task A_host_that_remembers_the_folder_for_a_while_is_asked_again()
    {
        await using var bench = await OvirtBench.StartAsync();
        bench.Engine.Faults = bench.Engine.Faults with { Lag = TimeSpan.FromMilliseconds(300) };
        var before = bench.Forced.Count();

        await bench.PublishAsync(bench.Put("a.iso").Image);
        Assert.True(bench.Forced.Count() - before >= 2, "One refresh was enough, so nothing lagged.");
    }

    [Fact]
    public async Task A_file_that_the_engine_never_lists_stays_in_place_and_is_not_offered_until_it_does()
    {
        await using var bench = await OvirtBench.StartAsync(OvirtBench.Quick with { Lag = TimeSpan.FromMilliseconds(200) });
        bench.Engine.Faults = bench.Engine.Faults with { Hide = ["a.iso"] };
        var (image, _) = bench.Put("a.iso");
        var staged = OvirtBench.Done(await bench.Surface.StageAsync(image, null, Cancel));

        OvirtBench.Refused(await bench.Surface.AdvertiseAsync(image, Cancel), ReasonCode.EngineNotListed);
        Assert.True(File.Exists(bench.Shown(image)));
        Assert.Equal(staged.Inode, OvirtBench.Done(await bench.Surface.StageAsync(image, null, Cancel)).Inode);
        Assert.True(File.Exists(bench.Shown(image)));

        bench.Engine.Faults = EngineFaults.None;
        Assert.Equal(staged.Inode, OvirtBench.Done(await bench.Surface.AdvertiseAsync(image, Cancel)).Inode);
    }

    [Fact]
    public async Task An_old_list_of_an_engine_whose_domain_is_not_active_proves_nothing()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        await bench.PublishAsync(image);
        bench.Open();
        bench.Engine.Faults = bench.Engine.Faults with { Status = new Dictionary<string, string> { ["Default"] = "maintenance" } };
        var before = bench.Forced.Count();

        Assert.Contains("maintenance in Default", OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.DomainInactive).Reason, StringComparison.Ordinal);
        OvirtBench.Done(await bench.Surface.StageAsync(image, null, Cancel));
        OvirtBench.Refused(await bench.Surface.AdvertiseAsync(image, Cancel), ReasonCode.DomainInactive);
        Assert.Equal(before, bench.Forced.Count());
    }

    [Fact]
    public async Task A_domain_that_leaves_while_it_is_listed_was_not_listed()
    {
        await using var bench = await OvirtBench.StartAsync();
        bench.Engine.Faults = bench.Engine.Faults with { RefreshDelay = TimeSpan.FromMilliseconds(500) };
        var before = bench.Engine.Refreshes;
        var refresh = bench.Surface.RefreshAsync(Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(bench.Engine.Refreshes > before), Cancel);
        bench.Engine.Faults = bench.Engine.Faults with { Status = new Dictionary<string, string> { ["Default"] = "inactive" } };

        OvirtBench.Refused((await refresh).Outcome, ReasonCode.DomainInactive);
    }

    [Fact]
    public async Task Each_data_center_is_ready_by_itself()
    {
        await using var bench = await OvirtBench.StartAsync(
            with: o => o with { Domains = [new EngineDomain(o.Domains[0].Path, OvirtBench.Domain) { DataCenters = ["Default", "Second"] }] });
        Assert.All(bench.Surface.DataCenters, d => Assert.True(d.Ready));
        Assert.Equal(["Default", "Second"], bench.Surface.DataCenters.Select(d => d.Name).Order(StringComparer.Ordinal));
        bench.Engine.Faults = bench.Engine.Faults with { Status = new Dictionary<string, string> { ["Second"] = "maintenance" } };

        await TestSite.EventuallyAsync(
            async () =>
            {
                Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.CheckAsync(Cancel));
                return bench.Surface.DataCenters.Single(d => d.Has("Second")) is { Ready: false, Status: "maintenance" };
            },
            Cancel);
        Assert.True(bench.Surface.DataCenters.Single(d => d.Has("Default")).Ready);
        Assert.True(bench.Surface.DataCenters.Single(d => d.Has(bench.Engine.ClusterId("Default").ToString("D"))).Ready);
        Assert.Contains(
            await bench.Surface.ObserveAsync([], Cancel),
            f => f.Code == ReasonCode.DomainInactive && f.Reason.Contains("maintenance in the data center Second", StringComparison.Ordinal));

        bench.Engine.Faults = EngineFaults.None;
        await TestSite.EventuallyAsync(
            async () =>
            {
                await bench.Surface.CheckAsync(Cancel);
                return bench.Surface.DataCenters.All(d => d.Ready);
            },
            Cancel);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_data_center_whose_host_fails_fails_the_refresh_and_is_not_taken_for_an_empty_list(bool withNull)
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        var published = new PublishedImage(image, await bench.PublishAsync(image));
        bench.Engine.Faults = bench.Engine.Faults with { FailingDataCenters = ["Default"], FailWithNull = withNull };

        var reason = OvirtBench.Refused((await bench.Surface.RefreshAsync(Cancel)).Outcome, ReasonCode.EngineRefreshFailed).Reason;
        Assert.Contains("active in Default", reason, StringComparison.Ordinal);
        Assert.DoesNotContain(await bench.Surface.ObserveAsync([published], Cancel), f => f.Image is not null);
        Assert.Contains(await bench.Surface.ObserveAsync([published], Cancel), f => f.Code == ReasonCode.EngineRefreshFailed);
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.CheckAsync(Cancel));
    }

    [Fact]
    public async Task A_confirmation_that_is_too_old_counts_no_more()
    {
        await using var bench = await OvirtBench.StartAsync(OvirtBench.Quick with { Confirmed = TimeSpan.FromMilliseconds(200), Routine = TimeSpan.FromMilliseconds(20) });
        bench.Engine.Faults = bench.Engine.Faults with { FailingDataCenters = ["Default"] };
        await bench.Surface.RefreshAsync(Cancel);

        await TestSite.EventuallyAsync(
            async () => await bench.Surface.CheckAsync(Cancel) is SurfaceOutcome.Refused { Code: ReasonCode.EngineRefreshFailed }, Cancel);
        bench.Engine.Faults = EngineFaults.None;
        await TestSite.EventuallyAsync(async () => await bench.Surface.CheckAsync(Cancel) is SurfaceOutcome.Done, Cancel);
    }

    [Fact]
    public async Task What_the_engine_stops_listing_is_found_and_its_file_is_not_moved_for_that()
    {
        await using var bench = await OvirtBench.StartAsync(OvirtBench.Quick with { Lag = TimeSpan.FromMilliseconds(200) });
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        bench.Engine.Faults = bench.Engine.Faults with { Hide = ["a.iso"] };
        await bench.Surface.RefreshAsync(Cancel);

        var finding = Assert.Single(await bench.Surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel));
        Assert.Equal((image.Id, ReasonCode.EngineNotListed), (finding.Image!.Value, finding.Code));
        Assert.Equal(1, bench.Surface.Figures.Drift);
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));
        Assert.True(File.Exists(bench.Shown(image)));
        OvirtBench.Refused(await bench.Surface.AdvertiseAsync(image, Cancel), ReasonCode.EngineNotListed);

        bench.Engine.Faults = EngineFaults.None;
        OvirtBench.Done(await bench.Surface.StageAsync(image, null, Cancel));
        Assert.Equal(receipt.Inode, OvirtBench.Done(await bench.Surface.AdvertiseAsync(image, Cancel)).Inode);
        Assert.Empty(await bench.Surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel));
    }

    [Fact]
    public async Task What_the_engine_lists_and_the_domain_has_not_is_found()
    {
        await using var bench = await OvirtBench.StartAsync();
        bench.Engine.Faults = bench.Engine.Faults with { Invent = ["ghost.iso"] };
        await bench.Surface.RefreshAsync(Cancel);
        await bench.Surface.RefreshAsync(Cancel);

        Assert.Contains(
            await bench.Surface.ObserveAsync([], Cancel),
            f => f.Code == ReasonCode.EngineListsMore && f.Image is null && f.Reason.Contains("ghost.iso", StringComparison.Ordinal));
        Assert.Equal(1, bench.Surface.Figures.Drift);
    }

    [Fact]
    public async Task An_image_in_a_machines_drive_is_not_moved_away_until_it_is_ejected()
    {
        await using var bench = await OvirtBench.StartAsync(with: o => o with { Machines = [new EngineMachine("web1"), new EngineMachine("web2")] });
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await bench.InsertAsync("web2", "a.iso");

        Assert.Contains("web2", OvirtBench.Refused(await bench.Surface.WithdrawAsync(image, receipt, Cancel), ReasonCode.HeldByMachine).Reason, StringComparison.Ordinal);
        Assert.True(File.Exists(bench.Shown(image)));
        await bench.InsertAsync("web2", "");
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));
        Assert.False(File.Exists(bench.Shown(image)));
    }

    [Fact]
    public async Task A_damaged_image_is_taken_away_whoever_has_it()
    {
        await using var bench = await OvirtBench.StartAsync(with: o => o with { Machines = [new EngineMachine("web1")] });
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await bench.InsertAsync("web1", "a.iso");
        Surfaces.SurfaceContract.FlipOneByte(bench.Shown(image));

        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));
        Assert.False(File.Exists(bench.Shown(image)));
    }

    [Fact]
    public void The_waits_are_those_of_a_real_engine()
    {
        var timing = new EngineTiming();
        Assert.InRange(timing.Floor.TotalSeconds, 15, 30);
        Assert.True(timing.Refresh.TotalSeconds >= 200 && timing.Answer.TotalSeconds <= 30);
        Assert.Equal([2, 5, 10, 20, 30, 60], timing.Retries.Select(r => r.TotalSeconds));
        Assert.InRange(timing.Lag.TotalMinutes, 2, 5);
        Assert.True(timing.Routine < timing.Confirmed);
    }
}
