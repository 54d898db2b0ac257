using System.Net;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Files;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A file system that something of the site lies on goes away: nothing is offered from there, and nothing is written under its mount point.</summary>
public sealed class UnmountedTests
{
    private const int Size = 3 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_volume_that_is_moved_away_lists_nothing_its_shadow_stays_empty_and_back_it_is_listed_and_watched()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1)), Cancel);
        var away = Path.Combine(site.Root, "away");
        Directory.Move(site.Console, away);
        Directory.CreateDirectory(site.Console);
        await witness.DriftAsync(ReasonCode.SurfaceMissing, site.Console);
        await TestSite.EventuallyAsync(async () => !await site.ListsAsync("console", image.Id, Cancel), Cancel);

        // An add that ends meanwhile must not go to the empty mount point either.
        var second = await site.Client.UploadImageAsync(
            new MemoryStream(IsoBuilder.InMemory("SECOND", Size, 2)), "second.iso", null, null, null, Cancel);
        Assert.False(await site.ListsAsync("console", second.Id, Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(site.Console));
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));

        Directory.Delete(site.Console);
        Directory.Move(away, site.Console);
        await witness.ListedAsync(image.Id, "bmc", "console");
        await witness.ListedAsync(second.Id, "bmc", "console");

        var before = Witness.Now;
        File.Delete(Path.Combine(site.Console, image.Name));
        await witness.LeftWithinTwoSecondsAsync(image.Id, "console", before, Witness.Now);
        await witness.ListedAsync(image.Id, "console");
    }

    /// <summary>Where nothing of it is open, the kernel says so; with <c>umount -l</c> and a file that is read, it does not.</summary>
    [Theory]
    [InlineData("console", false)]
    [InlineData("console", true)]
    [InlineData("ovirt", false)]
    [InlineData("ovirt", true)]
    public async Task A_surface_that_is_unmounted_lists_nothing_nothing_is_written_under_it_and_mounted_again_it_is_listed_and_watched(string surface, bool lazily)
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await Scenario.PrepareAsync(Scenario.AllSurfaces(domain));
        await using var mount = await MountedFolder.OverAsync(surface == "console" ? site.Console : domain.Export);
        await site.StartAgainAsync(Cancel);
        using var witness = new Witness(site);
        var other = surface == "console" ? "ovirt" : "console";
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1)), Cancel);
        var published = Path.Combine(surface == "console" ? site.Console : domain.Files, image.Name);
        var before = Witness.Now;
        using (lazily ? File.OpenHandle(published) : null)
        {
            await mount.UnmountAsync(lazily);
            await witness.DriftAsync(ReasonCode.SurfaceMissing, mount.Path);
            Assert.False(await site.ListsAsync(surface, image.Id, Cancel));
            Assert.Equal(0, await witness.MetricAsync($$"""isocatalog_surface_up{surface="{{surface}}"}"""));
            Assert.Equal(1, await witness.MetricAsync($$"""isocatalog_drift{code="surface-missing",surface="{{surface}}"}"""));
            await witness.ToldAsync(before, ReasonCode.SurfaceMissing, surface);
            Assert.Contains($"surface {surface} surface-missing", (await ReadyAsync(site)).Text, StringComparison.Ordinal);

            // An add that ends meanwhile must not go to the empty mount point either, nor a removal or a lease disturb it.
            var second = await site.Client.UploadImageAsync(new MemoryStream(IsoBuilder.InMemory("SECOND", Size, 2)), "second.iso", null, null, null, Cancel);
            Assert.Equal("present", second.Store.State);
            await site.Client.RemoveImageAsync(second.Name, null, Cancel);
            await TestSite.EventuallyAsync(async () => (await site.Client.GetImageAsync(second.Id.ToString(), Cancel)).Ready[site.Id].Values.All(c => c.State != CellState.Advertised), Cancel);
            Assert.Empty(Directory.GetFileSystemEntries(mount.Path));
        }

        await mount.MountAgainAsync();
        await witness.ListedAsync(image.Id, "bmc", surface, other);
        Assert.Empty(await witness.LeftAsync(image.Id, other, before));
        Assert.Empty(await witness.LeftAsync(image.Id, "bmc", before));
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);

        before = Witness.Now;
        File.Delete(published);
        await witness.LeftWithinTwoSecondsAsync(image.Id, surface, before, Witness.Now);
        await witness.ListedAsync(image.Id, surface);
    }

    /// <summary>A file server that comes up later than the site: nothing is known of the files there, so nothing is done to them.</summary>
    [Theory]
    [InlineData("console")]
    [InlineData("ovirt")]
    public async Task What_is_published_on_a_surface_that_is_away_at_a_start_is_the_same_file_when_it_is_back(string surface)
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await Scenario.PrepareAsync(Scenario.AllSurfaces(domain));
        await using var mount = await MountedFolder.OverAsync(surface == "console" ? site.Console : domain.Export);
        await site.StartAgainAsync(Cancel);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1)), Cancel);
        var published = Path.Combine(surface == "console" ? site.Console : domain.Files, image.Name);
        var inode = FileIdentity.Of(published, default)!.Value.Inode;
        await site.StopAsync();
        await mount.UnmountAsync();
        await site.StartAgainAsync(Cancel);
        using var witness = new Witness(site);
        await witness.DriftAsync(ReasonCode.SurfaceMissing, mount.Path);
        Assert.False(await site.ListsAsync(surface, image.Id, Cancel));

        await mount.MountAgainAsync();
        await witness.ListedAsync(image.Id, surface);
        Assert.Equal(inode, FileIdentity.Of(published, default)!.Value.Inode);
    }

    [Theory]
    [InlineData("unmounted")]
    [InlineData("moved away")]
    public async Task A_data_folder_that_is_gone_takes_everything_from_the_lists_and_back_it_brings_everything_back_unread(string how)
    {
        await using var site = await Scenario.PrepareAsync();
        await using var mount = how == "unmounted" ? await MountedFolder.OverAsync(site.Data) : null;
        await site.StartAgainAsync(Cancel);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", Size, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        Assert.Equal(HttpStatusCode.OK, (await ReadyAsync(site)).Status);

        var before = Witness.Now;
        await GoAsync();
        await TestSite.EventuallyAsync(async () => (await ReadyAsync(site)).Status == HttpStatusCode.ServiceUnavailable, Cancel);
        Assert.Contains(ReasonCode.DataMissing, (await ReadyAsync(site)).Text, StringComparison.Ordinal);
        foreach (var surface in new[] { "bmc", "console" })
        {
            await TestSite.EventuallyAsync(async () => !await site.ListsAsync(surface, image.Id, Cancel), Cancel);
            await TestSite.EventuallyAsync(
                async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Any(d => d.Code == ReasonCode.DataMissing && d.Surface == surface && d.Reason.Contains(site.Data, StringComparison.Ordinal)),
                Cancel);
            Assert.Equal(0, await witness.MetricAsync($$"""isocatalog_surface_up{surface="{{surface}}"}"""));
            Assert.Equal(1, await witness.MetricAsync($$"""isocatalog_drift{code="data-missing",surface="{{surface}}"}"""));
            await witness.ToldAsync(before, ReasonCode.DataMissing, surface);
            await Assert.ThrowsAsync<ApplianceException>(() => site.Client.TakeLeaseAsync(new LeaseRequest(image.Id.ToString(), surface, "127.0.0.1", 60), Cancel));
        }

        // Whatever is asked of it, there is nothing that it could write to.
        await Assert.ThrowsAsync<ApplianceException>(
            () => site.Client.UploadImageAsync(new MemoryStream(IsoBuilder.InMemory("SECOND", Size, 2)), "second.iso", null, null, null, Cancel));
        await Assert.ThrowsAsync<ApplianceException>(() => site.Client.RemoveImageAsync(image.Name, null, Cancel));
        await Assert.ThrowsAsync<ApplianceException>(() => site.Client.BlockImageAsync(image.Id.ToString(), new BlockRequest("gone"), Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(site.Data));

        await ComeBackAsync();
        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.Equal(HttpStatusCode.OK, (await ReadyAsync(site)).Status);
        Assert.Equal(bytes, await witness.ServedAsync(image.Id));
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "quarantine")));
        Assert.DoesNotContain(await witness.EventsAsync(), e => e.Code is ReasonCode.StoreMissing or "store-doubted");
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
        await site.AddAsync(site.Write("second.iso", IsoBuilder.InMemory("SECOND", Size, 2)), Cancel);

        // And its store is watched as before.
        before = Witness.Now;
        File.Delete(site.StoreFile(image));
        await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, Witness.Now);

        // A start without it is refused, and writes nothing either.
        await site.StopAsync();
        await GoAsync();
        var (exit, errors) = await site.StartInVainAsync(Cancel);
        Assert.Equal(3, exit);
        Assert.Contains(site.Data, errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(site.Data));

        async Task GoAsync()
        {
            if (mount is not null)
            {
                await mount.UnmountAsync(lazily: true);
                return;
            }

            Directory.Move(site.Data, site.Data + ".away");
            Directory.CreateDirectory(site.Data);
        }

        async Task ComeBackAsync()
        {
            if (mount is not null)
            {
                await mount.MountAgainAsync();
                return;
            }

            Directory.Delete(site.Data);
            Directory.Move(site.Data + ".away", site.Data);
        }
    }

    [Fact]
    public async Task A_data_folder_that_is_gone_while_other_sites_add_and_remove_is_left_empty_and_catches_up_when_it_is_back()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var old = await ams.Client.UploadImageAsync(new MemoryStream(IsoBuilder.InMemory("OLD", Size, 1)), "old.iso", null, null, null, Cancel);
        await BothAsync(old, listed: true);
        Directory.Move(nyc.Data, nyc.Data + ".away");
        Directory.CreateDirectory(nyc.Data);
        await TestSite.EventuallyAsync(async () => (await ReadyAsync(nyc)).Status == HttpStatusCode.ServiceUnavailable, Cancel);
        await TestSite.EventuallyAsync(async () => !await nyc.ListsAsync("bmc", old.Id, Cancel) && !await nyc.ListsAsync("console", old.Id, Cancel), Cancel);

        var added = await ams.Client.UploadImageAsync(new MemoryStream(IsoBuilder.InMemory("NEW", Size, 2)), "new.iso", null, null, null, Cancel);
        await ams.Client.RemoveImageAsync(old.Id.ToString(), null, Cancel);

        // It fetches the documents, has nowhere to put them, and fetches them again.
        using var witness = new Witness(ams);
        for (var times = 0; times < 3; times++)
        {
            var served = await witness.MetricAsync("isocatalog_fleet_served_bytes_total");
            await TestSite.EventuallyAsync(async () => await witness.MetricAsync("isocatalog_fleet_served_bytes_total") > served, Cancel);
        }

        Assert.False(nyc.HasExited);
        Assert.Empty(Directory.GetFileSystemEntries(nyc.Data, "*", SearchOption.AllDirectories));

        Directory.Delete(nyc.Data);
        Directory.Move(nyc.Data + ".away", nyc.Data);
        await BothAsync(added, listed: true);
        await BothAsync(old, listed: false);
        Assert.Equal(HttpStatusCode.OK, (await ReadyAsync(nyc)).Status);

        Task BothAsync(ImageView image, bool listed) => TestSite.EventuallyAsync(
            async () =>
            {
                foreach (var site in fleet.Sites)
                {
                    if (await site.ListsAsync("bmc", image.Id, Cancel) != listed || await site.ListsAsync("console", image.Id, Cancel) != listed)
                    {
                        return false;
                    }
                }

                return true;
            },
            Cancel,
            seconds: 90);
    }

    private static async Task<(HttpStatusCode Status, string Text)> ReadyAsync(TestSite site)
    {
        using var client = new HttpClient(new SocketsHttpHandler());
        using var answer = await client.GetAsync(new Uri(site.Api, "readyz"), Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }
}
