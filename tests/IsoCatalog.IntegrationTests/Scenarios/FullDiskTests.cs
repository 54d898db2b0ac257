using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>The disk of the data folder has no room left. What takes an image off a list is obeyed all the same, and the site says which disk it is.</summary>
public sealed class FullDiskTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Not even the reserve is left: nothing can be stored.</summary>
    [Fact]
    public async Task What_another_site_recalls_or_removes_leaves_the_lists_of_a_site_whose_disk_is_full_and_is_stored_later()
    {
        await using var disk = await FullDisk.CreateAsync("64m");
        await using var fleet = await TestFleet.PrepareAsync(new TestSiteOptions { Extra = "store: { floor: 2MiB }" }, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await disk.HoldAsync(nyc);
        await fleet.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        var (bad, gone, good) = (await ams.PutAsync("bad.iso", 1), await ams.PutAsync("gone.iso", 2), await ams.PutAsync("good.iso", 3));
        await fleet.ListsEverywhereAsync(bad);
        await fleet.ListsEverywhereAsync(gone);
        await fleet.ListsEverywhereAsync(good);
        disk.FillWithReserve();
        await ams.Client.BlockImageAsync(bad.Id.ToString(), new BlockRequest("hole"), Cancel);
        await ams.Client.RemoveImageAsync(gone.Name, null, Cancel);
        await TestSite.EventuallyAsync(
            async () => !await nyc.ListsAsync("bmc", bad.Id, Cancel) && !await nyc.ListsAsync("console", bad.Id, Cancel) && !await nyc.ListsAsync("bmc", gone.Id, Cancel), Cancel);
        Assert.True(await nyc.ListsAsync("bmc", good.Id, Cancel));

        // It names its own disk, and blames nobody else.
        await TestSite.EventuallyAsync(async () => (await CodesAsync(nyc)).IsSupersetOf(["disk-full", "documents-unstored"]), Cancel);
        await HeardAsync(nyc, "ams");
        Assert.DoesNotContain(await CodesAsync(nyc), code => code is "site-late" or "clock-implausible" or "documents-refused");
        using var caller = new ApiCaller(nyc.Api);
        var ready = (await caller.GetAsync("/readyz")).Text;
        Assert.StartsWith("ready\n", ready, StringComparison.Ordinal);
        Assert.Contains("disk-full: The disk of ", ready, StringComparison.Ordinal);

        disk.Free();
        await TestSite.EventuallyAsync(async () => (await CodesAsync(nyc)).Count == 0, Cancel, seconds: 90);
        await ams.StopAsync();
        await nyc.StopAsync();
        await nyc.StartAgainAsync(Cancel);
        Assert.False(await nyc.ListsAsync("bmc", bad.Id, Cancel));
        Assert.False(await nyc.ListsAsync("bmc", gone.Id, Cancel));
        Assert.NotNull((await nyc.Client.GetImageAsync(bad.Id.ToString(), Cancel)).Blocked);
    }

    [Fact]
    public async Task On_a_full_disk_images_are_removed_recalled_and_restored_in_the_room_that_is_kept_for_it()
    {
        await using var disk = await FullDisk.CreateAsync("64m");
        await using var site = await StartAsync(disk, floor: "2MiB");
        var (bad, gone, back) = (await ApiCaller.AddAsync(site, "bad.iso", 1), await ApiCaller.AddAsync(site, "gone.iso", 2), await ApiCaller.AddAsync(site, "back.iso", 3));
        var reserve = Path.Combine(site.Data, "reserve");
        Assert.Equal(1 << 20, FreeSpace.TakenBy(reserve));
        disk.Fill();
        await TestSite.EventuallyAsync(async () => (await CodesAsync(site)).Contains("disk-full"), Cancel);
        Assert.Equal(0, FreeSpace.Of(site.Data).AvailableBytes);
        var (exit, _, errors) = await TestSite.RunAsync(["rm", gone.Name, "--config", site.ConfigurationPath, "--yes"], Cancel);
        Assert.True(exit == 0, errors);
        await site.Client.BlockImageAsync(bad.Id.ToString(), new BlockRequest("hole"), Cancel);
        await site.Client.RemoveImageAsync(back.Name, null, Cancel);
        await site.Client.RestoreImageAsync(back.Id.ToString(), Cancel);
        Assert.False(File.Exists(reserve));
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.False(await site.ListsAsync("bmc", gone.Id, Cancel));
        Assert.False(await site.ListsAsync("bmc", bad.Id, Cancel));
        await TestSite.EventuallyAsync(() => site.ListsAsync("bmc", back.Id, Cancel), Cancel);
        Assert.Contains("disk-full", await CodesAsync(site));
        disk.Free();
        await TestSite.EventuallyAsync(async () => (await CodesAsync(site)).Count == 0, Cancel);
        Assert.Equal(1 << 20, FreeSpace.TakenBy(reserve));
    }

    /// <summary>With each page that is freed another step of the removal fits: whichever the last was, all of it happens, or nothing.</summary>
    [Fact]
    public async Task Where_there_is_no_room_at_all_a_removal_is_refused_with_what_has_to_be_freed_and_nothing_was_changed()
    {
        await using var disk = await FullDisk.CreateAsync("64m");
        await using var site = await StartAsync(disk, floor: "2MiB");
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        var refusals = 0;
        disk.FillWithReserve();
        var (exit, _, errors) = await TestSite.RunAsync(["rm", image.Name, "--config", site.ConfigurationPath, "--yes"], Cancel);
        Assert.True(exit == 8, errors);
        Assert.Matches("free [0-9,]+ more", errors.ReplaceLineEndings(" "));
        while (true)
        {
            try
            {
                await site.Client.RemoveImageAsync(image.Name, null, Cancel);
                break;
            }
            catch (ApplianceException e)
            {
                Assert.True(++refusals <= 100, e.Problem.Detail);
                e.Problem.Says("no-space", "Nothing was changed");
                Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
                disk.Free(4096);
            }
        }

        Assert.True(refusals > 0);

        // What was refused takes no room: one chunk each of the add and of the removal.
        Assert.Equal(2, Directory.GetFiles(Path.Combine(site.Data, "catalog", "chunks")).Length);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
    }

    /// <summary>What was refused does not happen later, when there is room, or after a restart.</summary>
    [Fact]
    public async Task A_removal_that_was_refused_for_want_of_room_does_not_happen_later()
    {
        await using var disk = await FullDisk.CreateAsync("64m");
        await using var site = await StartAsync(disk, floor: "2MiB");
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        disk.FillWithReserve();
        (await Assert.ThrowsAsync<ApplianceException>(() => site.Client.RemoveImageAsync(image.Name, null, Cancel))).Problem.Says("no-space", "Nothing was changed");
        disk.Free();

        // Everything that goes on by itself has had its turn once the reserve is back and nothing is late.
        await TestSite.EventuallyAsync(async () => (await CodesAsync(site)).Count == 0, Cancel, seconds: 90);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        await ApiCaller.AddAsync(site, "debian-13.iso", 2);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
    }

    /// <summary>A partial file is as long as the image, and takes what was fetched: only that is there already.</summary>
    [Fact]
    public async Task A_fetch_that_goes_on_after_a_restart_leaves_the_floor_free()
    {
        const long Floor = 8 << 20;
        await using var disk = await FullDisk.CreateAsync("64m");
        await using var fleet = await TestFleet.PrepareAsync(new TestSiteOptions { Extra = "store: { floor: 8MiB }\nfetch: { download: 4MB/s }" }, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await disk.HoldAsync(nyc);
        await fleet.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        var large = await ams.UploadAsync("large.iso", IsoBuilder.InMemory("LARGE", 40 << 20, 1));
        await nyc.KnowsAsync(large.Id, i => i.Ready["nyc"]["bmc"] is { State: CellState.Fetching, Progress: > 0.2 }, seconds: 60);
        await nyc.StopAsync();
        var partial = Path.Combine(nyc.Data, "staging", "fetch", large.Root.ToString());
        Assert.Equal(large.Size, new FileInfo(partial).Length);
        Assert.InRange(FreeSpace.TakenBy(partial), 1, large.Size / 2);

        // Room for half of the rest, and the floor.
        disk.Fill(FreeSpace.Of(nyc.Data).AvailableBytes - Floor - ((large.Size - FreeSpace.TakenBy(partial)) / 2));
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await nyc.KnowsAsync(large.Id, i => i.Ready["nyc"]["bmc"] is { State: CellState.Fetching, Code: ReasonCode.NoSpace }, seconds: 60);
        Assert.InRange(FreeSpace.Of(nyc.Data).AvailableBytes + FreeSpace.TakenBy(Path.Combine(nyc.Data, "reserve")), Floor, long.MaxValue);
        disk.Free();
        await nyc.ListsEverywhereAsync(large, seconds: 90);
    }

    [Fact]
    public async Task Two_adds_at_the_same_time_leave_the_floor_free_together()
    {
        await using var disk = await FullDisk.CreateAsync("64m");
        await using var site = await StartAsync(disk, floor: "8MiB");
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var slow = new HeldStream(IsoBuilder.InMemory("FIRST", 32 << 20, 1), async () =>
        {
            begun.TrySetResult();
            await go.Task.WaitAsync(Cancel);
        });
        var first = site.Client.UploadImageAsync(slow, "first.iso", null, null, null, Cancel);
        await begun.Task;
        var refused = await site.RefusedUploadAsync(IsoBuilder.InMemory("SECOND", 32 << 20, 2), "second.iso");
        refused.Says("no-space", "store.floor", "on its way already", "then add it again");
        go.SetResult();
        await first;
        Assert.InRange(FreeSpace.Of(site.Data).AvailableBytes + FreeSpace.TakenBy(Path.Combine(site.Data, "reserve")), 8 << 20, long.MaxValue);
    }

    private static async Task<TestSite> StartAsync(FullDisk disk, string floor)
    {
        var site = await Scenario.PrepareAsync(new TestSiteOptions { Extra = $"store: {{ floor: {floor} }}" });
        try
        {
            await disk.HoldAsync(site);
            await site.StartAgainAsync(Cancel);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    private static async Task<HashSet<string>> CodesAsync(TestSite site) => [.. (await site.Client.GetDriftAsync(Cancel)).Drift.Select(d => d.Code)];

    /// <summary>Two holdings of that site have come since now: what is asked then is not from before.</summary>
    private static async Task HeardAsync(TestSite site, string other)
    {
        var since = await HeardAtAsync();
        await TestSite.EventuallyAsync(async () => await HeardAtAsync() > since, Cancel, seconds: 60);

        async Task<DateTimeOffset?> HeardAtAsync() => (await site.Client.GetSitesAsync(Cancel)).Sites.First(s => s.Id == other).Heard;
    }

    /// <summary>An upload that waits in the middle until something else has happened.</summary>
    private sealed class HeldStream(byte[] bytes, Func<Task> halfway) : MemoryStream(bytes)
    {
        private bool _waited;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!_waited && Position >= Length / 2)
            {
                _waited = true;
                await halfway();
            }

            return await base.ReadAsync(buffer[..(int)Math.Min(buffer.Length, Math.Max(1, Length / 2))], cancellationToken);
        }

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => CopyAsync(destination, cancellationToken);

        private async Task CopyAsync(Stream destination, CancellationToken cancellationToken)
        {
            var buffer = new byte[64 << 10];
            while (await ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                await destination.FlushAsync(cancellationToken);
            }
        }
    }
}
