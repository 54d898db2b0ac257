using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>
/// The disk fails a write or a sync: once, for a while, or for ever. After that nobody knows what of the file is on it, so a database is written anew from memory, and
/// whatever else could not be made durable is as if it had never been.
/// </summary>
public sealed class FailingDiskTests
{
    private const string Database = "isocatalog.db";
    private const string DatabaseFailed = "database-failed";
    private const int InputOutput = 5;
    private const int NoSpace = 28;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Once: nobody who asks for something notices.</summary>
    [Theory]
    [InlineData(DiskCall.Sync, "isocatalog.db-journal$")]
    [InlineData(DiskCall.Sync, "isocatalog.db$")]
    [InlineData(DiskCall.Write, "isocatalog.db-journal$")]
    [InlineData(DiskCall.Write, "isocatalog.db$")]
    public async Task After_one_error_the_database_is_another_file_that_says_the_same(DiskCall call, string path)
    {
        using var disk = await FailingDisk.CreateAsync(Database, Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", null), Cancel);
        var before = InodeOf(site);
        disk.BreakOnce(call, path);
        var second = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "console", "127.0.0.1", null), Cancel);
        Assert.True(disk.HasFailed);
        Assert.NotEqual(before, InodeOf(site));
        Assert.Equal("ready", (await ReadyAsync(site))[0]);
        Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == DatabaseFailed);

        // It goes on, and a restart finds all of it.
        var other = await ApiCaller.AddAsync(site, "debian-13.iso", 2);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.True(await site.ListsAsync("console", other.Id, Cancel));
        Assert.Equal(
            new[] { lease.Id, second.Id }.Order(), (await site.Client.GetLeasesAsync(Cancel)).Leases.Select(l => l.Id).Order());
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    [Theory]
    [InlineData(DiskCall.Sync)]
    [InlineData(DiskCall.Write)]
    public async Task While_it_fails_lists_withdrawals_and_leases_go_on_and_what_has_to_be_kept_is_refused_with_the_true_cause(DiskCall call)
    {
        using var disk = await FailingDisk.CreateAsync(Database, Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        var bad = await ApiCaller.AddAsync(site, "debian-13.iso", 2);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", null), Cancel);
        var before = InodeOf(site);
        disk.Break(call);

        // Again and again: the first error leaves nothing behind that hides the next one.
        for (var i = 0; i < 3; i++)
        {
            Says(await RefusedAsync(() => site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.2", null), Cancel)));
            Says(await RefusedAsync(() => site.Client.RenewLeaseAsync(lease.Id, new LeaseRenewal(3600), Cancel)));
            Says(await site.RefusedUploadAsync(IsoBuilder.InMemory("DEBIAN", 300_000, 3), "debian-14.iso"));
        }

        await site.Client.BlockImageAsync(bad.Id.ToString(), new BlockRequest("hole"), Cancel);
        Assert.False(await site.ListsAsync("bmc", bad.Id, Cancel));
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.Equal(lease.Id, Assert.Single((await site.Client.GetLeasesAsync(Cancel)).Leases).Id);
        var ready = await ReadyAsync(site);
        Assert.Equal("ready", ready[0]);
        Assert.Contains(ready, l => l.StartsWith(DatabaseFailed + ": ", StringComparison.Ordinal) && l.Contains("disk I/O error", StringComparison.Ordinal));
        Assert.Contains((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == DatabaseFailed && d.Reason.Contains("not trusted", StringComparison.Ordinal));
        Assert.False(site.HasExited);

        // By itself.
        disk.Mend();
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel, seconds: 90);
        Assert.NotEqual(before, InodeOf(site));
        await site.Client.RenewLeaseAsync(lease.Id, new LeaseRenewal(3600), Cancel);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.False(await site.ListsAsync("bmc", bad.Id, Cancel));
        Assert.Equal(lease.Id, Assert.Single((await site.Client.GetLeasesAsync(Cancel)).Leases).Id);

        static void Says(Problem problem) => problem.Says("write-error", "database", "disk I/O error", "Nothing was changed");
    }

    /// <summary>It never is as it was again: the site ends in good order, and the next one finds what was acknowledged.</summary>
    [Fact]
    public async Task A_disk_that_fails_the_database_for_ever_ends_no_process_and_loses_nothing_that_was_acknowledged()
    {
        using var disk = await FailingDisk.CreateAsync(Database, Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        var gone = await ApiCaller.AddAsync(site, "debian-13.iso", 2);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", null), Cancel);
        disk.Break();
        await site.Client.RemoveImageAsync(gone.Name, null, Cancel);
        await site.StoreIsAsync(gone, "retired");
        await RefusedAsync(() => site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.2", null), Cancel));
        await site.Client.RestoreImageAsync(gone.Id.ToString(), Cancel);
        await site.StoreIsAsync(gone, "present");
        Assert.False(site.HasExited);
        await site.StopAsync();
        disk.Mend();
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        await TestSite.EventuallyAsync(() => site.ListsAsync("bmc", gone.Id, Cancel), Cancel);
        Assert.Equal(lease.Id, Assert.Single((await site.Client.GetLeasesAsync(Cancel)).Leases).Id);
    }

    /// <summary>The signed document: what it would have said is not so, now and after a restart, and the same word again is taken.</summary>
    [Theory]
    [InlineData(DiskCall.Write, ".tmp$")]
    [InlineData(DiskCall.Sync, ".tmp$")]
    [InlineData(DiskCall.Sync, "catalog/documents/ams$")]
    [InlineData(DiskCall.Sync, "catalog/chunks$")]
    public async Task A_removal_that_could_not_be_made_durable_is_undone_and_can_be_asked_for_again(DiskCall call, string path)
    {
        using var disk = await FailingDisk.CreateAsync("/catalog/", Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        disk.BreakOnce(call, path);
        (await RefusedAsync(() => site.Client.RemoveImageAsync(image.Name, null, Cancel))).Says("write-error", "Nothing was changed");
        Assert.True(disk.HasFailed);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
    }

    /// <summary>The bytes: the sync of the copy, of its metainfo, and of the folder that it was moved to.</summary>
    [Theory]
    [InlineData(DiskCall.Write, "/staging/add-")]
    [InlineData(DiskCall.Sync, "/staging/add-")]
    [InlineData(DiskCall.Sync, ".tmp$")]
    [InlineData(DiskCall.Sync, "/staging$")]
    public async Task An_add_whose_bytes_could_not_be_made_durable_leaves_nothing_and_can_be_done_again(DiskCall call, string path)
    {
        using var disk = await FailingDisk.CreateAsync("/store/", Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var bytes = IsoBuilder.InMemory("DEBIAN", 300_000, 3);
        await site.Client.GetStatusAsync(Cancel);
        disk.BreakOnce(call, path);
        (await site.RefusedUploadAsync(bytes, "debian-14.iso")).Says("write-error");
        Assert.True(disk.HasFailed);
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "store"), "*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "staging"), "*", SearchOption.AllDirectories));
        var image = await ApiCaller.AddAsync(site, "debian-14.iso", 3);
        Assert.Equal(CellState.Advertised, (await site.CellAsync(image.Id, "console", Cancel)).State);
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    /// <summary>Its file has its place in the store by then.</summary>
    [Theory]
    [InlineData(NoSpace, "no-space")]
    [InlineData(InputOutput, "write-error")]
    public async Task An_add_that_could_not_be_signed_leaves_nothing(int error, string code)
    {
        using var disk = await FailingDisk.CreateAsync("/catalog/", Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        var before = Directory.GetFiles(Path.Combine(site.Data, "store"), "*", SearchOption.AllDirectories).Order().ToList();
        disk.Break(DiskCall.Write, error: error);
        (await site.RefusedUploadAsync(IsoBuilder.InMemory("DEBIAN", 300_000, 3), "debian-14.iso")).Says(code, "signed", "Nothing was changed");
        Assert.Equal(before, Directory.GetFiles(Path.Combine(site.Data, "store"), "*", SearchOption.AllDirectories).Order());
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "staging"), "*", SearchOption.AllDirectories));
        disk.Mend();
        await ApiCaller.AddAsync(site, "debian-14.iso", 3);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
    }

    /// <summary>It was moved; that is recorded, and it is not looked for where it is not.</summary>
    [Theory]
    [InlineData("/retired$")]
    [InlineData("/store/")]
    public async Task A_removed_image_whose_move_to_retired_could_not_be_synced_can_be_restored(string path)
    {
        using var disk = await FailingDisk.CreateAsync(path, Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        disk.BreakOnce(DiskCall.Sync);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        await site.StoreIsAsync(image, "retired");
        Assert.True(disk.HasFailed);
        await site.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
        await TestSite.EventuallyAsync(() => site.ListsAsync("bmc", image.Id, Cancel), Cancel);
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    private static ulong InodeOf(TestSite site) => FileIdentity.Of(Path.Combine(site.Data, Database), default)!.Value.Inode;

    private static async Task<string[]> ReadyAsync(TestSite site)
    {
        using var caller = new ApiCaller(site.Api);
        return (await caller.GetAsync("/readyz")).Text.Split('\n');
    }

    private static async Task<Problem> RefusedAsync(Func<Task> call) => (await Assert.ThrowsAsync<ApplianceException>(call)).Problem;
}
