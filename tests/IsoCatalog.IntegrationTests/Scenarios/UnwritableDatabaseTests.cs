using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>
/// The disk fails the database alone. What is signed and on the disk is in force all the same, at once and after
/// a restart; what relies on a row is refused, and then nothing was changed.
/// </summary>
public sealed class UnwritableDatabaseTests
{
    private const string DatabaseFailed = "database-failed";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("removed")]
    [InlineData("recalled")]
    [InlineData("hidden")]
    [InlineData("named by an alias")]
    [InlineData("named by an alias no more")]
    public async Task What_is_signed_is_in_force_though_the_database_cannot_be_written(string kind)
    {
        using var disk = await FailingDisk.CreateAsync("isocatalog.db", Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        await site.Client.SetAliasAsync("old", new AliasRequest(image.Name), Cancel);
        disk.Break();
        switch (kind)
        {
            case "removed":
                await site.Client.RemoveImageAsync(image.Name, null, Cancel);
                break;
            case "recalled":
                await site.Client.BlockImageAsync(image.Id.ToString(), new BlockRequest("hole"), Cancel);
                break;
            case "hidden":
                await site.Client.ChangeImageAsync(image.Name, new ImagePatch(Hidden: true), Cancel);
                break;
            case "named by an alias":
                Assert.Equal(image.Id, (await site.Client.SetAliasAsync("latest", new AliasRequest(image.Name), Cancel)).Moved!.Image);
                break;
            default:
                await site.Client.RemoveAliasAsync("old", Cancel);
                break;
        }

        await IsInForceAsync();
        var drift = Assert.Single((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == DatabaseFailed);
        Assert.Contains(Path.Combine(site.Data, "isocatalog.db"), drift.Reason, StringComparison.Ordinal);

        // It is written by itself once that is possible: no change comes to its help.
        disk.Mend();
        await NoDriftAsync(site);
        await IsInForceAsync();
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        await IsInForceAsync();
        Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == DatabaseFailed);

        async Task IsInForceAsync()
        {
            var aliases = (await site.Client.GetAliasesAsync(Cancel)).Aliases.Select(a => a.Name).ToList();
            var listed = await site.ListsAsync("bmc", image.Id, Cancel);
            var known = await site.Client.GetImageAsync(image.Id.ToString(), Cancel);
            Assert.Equal(kind.StartsWith("named", StringComparison.Ordinal), listed);
            Assert.Equal(listed, await site.ListsAsync("console", image.Id, Cancel));
            Assert.Equal((kind == "removed", kind == "recalled", kind == "hidden"), (known.Deleted, known.Blocked is not null, known.Meta.Hidden));
            Assert.Equal(kind == "named by an alias", aliases.Contains("latest"));
            Assert.Equal(kind != "named by an alias no more", aliases.Contains("old"));
        }
    }

    /// <summary>What comes back into a list is recorded first, so it waits; the word that brings it back is in force.</summary>
    [Theory]
    [InlineData("restored")]
    [InlineData("recalled no more")]
    [InlineData("hidden no more")]
    public async Task What_brings_an_image_back_is_in_force_at_once_and_on_the_lists_when_the_database_can_be_written(string kind)
    {
        using var disk = await FailingDisk.CreateAsync("isocatalog.db", Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        var id = image.Id.ToString();
        switch (kind)
        {
            case "restored":
                await site.Client.RemoveImageAsync(image.Name, null, Cancel);
                await site.StoreIsAsync(image, "retired");
                break;
            case "recalled no more":
                await site.Client.BlockImageAsync(id, new BlockRequest("hole"), Cancel);
                break;
            default:
                await site.Client.ChangeImageAsync(image.Name, new ImagePatch(Hidden: true), Cancel);
                break;
        }

        disk.Break();
        switch (kind)
        {
            case "restored":
                await site.Client.RestoreImageAsync(id, Cancel);
                break;
            case "recalled no more":
                await site.Client.UnblockImageAsync(id, Cancel);
                break;
            default:
                await site.Client.ChangeImageAsync(id, new ImagePatch(Hidden: false), Cancel);
                break;
        }

        await IsInForceAsync();
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Any(d => d.Code == DatabaseFailed), Cancel);
        disk.Mend();
        await TestSite.EventuallyAsync(() => site.ListsAsync("bmc", image.Id, Cancel), Cancel, seconds: 90);
        await NoDriftAsync(site);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        await IsInForceAsync();
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));

        async Task IsInForceAsync()
        {
            var known = await site.Client.GetImageAsync(id, Cancel);
            Assert.Equal((false, false, false), (known.Deleted, known.Blocked is not null, known.Meta.Hidden));
        }
    }

    /// <summary>One document says where the alias points now and which former target goes.</summary>
    [Fact]
    public async Task An_alias_that_moves_and_takes_its_former_target_away_moves_at_once()
    {
        using var disk = await FailingDisk.CreateAsync("isocatalog.db", Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var (old, next) = (await ApiCaller.AddAsync(site, "debian-12.iso", 1), await ApiCaller.AddAsync(site, "debian-13.iso", 2));
        await site.Client.SetAliasAsync("latest", new AliasRequest(old.Name), Cancel);
        disk.Break();
        await site.Client.SetAliasAsync("latest", new AliasRequest(next.Name, KeepVersions: 0), Cancel);
        await IsInForceAsync();
        disk.Mend();
        await NoDriftAsync(site);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        await IsInForceAsync();

        async Task IsInForceAsync()
        {
            Assert.Equal(next.Id, Assert.Single((await site.Client.GetAliasesAsync(Cancel)).Aliases).Image);
            Assert.False(await site.ListsAsync("bmc", old.Id, Cancel));
            Assert.True(await site.ListsAsync("bmc", next.Id, Cancel));
        }
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("recalled")]
    [InlineData("hidden")]
    public async Task What_another_site_signed_is_in_force_though_the_database_cannot_be_written(string kind)
    {
        using var disk = await FailingDisk.CreateAsync("nyc-isocatalog.db", Cancel);
        await using var fleet = await TestFleet.StartAsync(new TestSiteOptions { Environment = disk.Environment }, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var image = await ams.PutAsync("debian-12.iso", 1);
        await fleet.ListsEverywhereAsync(image);
        disk.Break(path: Path.Combine(nyc.Data, "isocatalog.db"));
        await (kind switch
        {
            "removed" => ams.Client.RemoveImageAsync(image.Name, null, Cancel),
            "recalled" => ams.Client.BlockImageAsync(image.Id.ToString(), new BlockRequest("hole"), Cancel),
            _ => (Task)ams.Client.ChangeImageAsync(image.Name, new ImagePatch(Hidden: true), Cancel),
        });
        await TestSite.EventuallyAsync(async () => !await nyc.ListsAsync("bmc", image.Id, Cancel) && !await nyc.ListsAsync("console", image.Id, Cancel), Cancel);
        await TestSite.EventuallyAsync(async () => (await nyc.Client.GetDriftAsync(Cancel)).Drift.Any(d => d.Code == DatabaseFailed), Cancel);
        disk.Mend();
        await NoDriftAsync(nyc);
        await ams.StopAsync();
        await nyc.StopAsync();
        await nyc.StartAgainAsync(Cancel);
        Assert.False(await nyc.ListsAsync("bmc", image.Id, Cancel));
        var known = await nyc.Client.GetImageAsync(image.Id.ToString(), Cancel);
        Assert.Equal((kind == "removed", kind == "recalled", kind == "hidden"), (known.Deleted, known.Blocked is not null, known.Meta.Hidden));
    }

    [Fact]
    public async Task What_relies_on_a_row_is_refused_and_nothing_is_changed()
    {
        using var disk = await FailingDisk.CreateAsync("isocatalog.db", Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        var hidden = await ApiCaller.AddAsync(site, "debian-13.iso", 2);
        await site.Client.ChangeImageAsync(hidden.Name, new ImagePatch(Hidden: true), Cancel);
        disk.Break();
        Says(await RefusedAsync(() => site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", null), Cancel)));
        Says(await RefusedAsync(() => site.Client.SetAliasAsync("latest", new AliasRequest(hidden.Name), Cancel)));
        var store = Directory.GetFiles(Path.Combine(site.Data, "store"), "*", SearchOption.AllDirectories).Order().ToList();
        Says(await site.RefusedUploadAsync(IsoBuilder.InMemory("DEBIAN", 300_000, 3), "debian-14.iso"));

        // Its bytes were in the store already when the receipt was refused.
        Assert.Equal(store, Directory.GetFiles(Path.Combine(site.Data, "store"), "*", SearchOption.AllDirectories).Order());
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "staging"), "*", SearchOption.AllDirectories));
        Assert.Empty((await site.Client.GetLeasesAsync(Cancel)).Leases);
        Assert.Empty((await site.Client.GetAliasesAsync(Cancel)).Aliases);
        Assert.Equal(2, (await site.Client.GetImagesAsync(Cancel)).Images.Count);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        disk.Mend();
        await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", null), Cancel);
        await ApiCaller.AddAsync(site, "debian-14.iso", 3);

        static void Says(Problem problem) => problem.Says("write-error", "database", "Nothing was changed");
    }

    /// <summary>A lease that ends is over, whatever the disk says: it only follows.</summary>
    [Fact]
    public async Task A_lease_ends_and_the_file_is_let_go_though_the_database_cannot_be_written()
    {
        using var disk = await FailingDisk.CreateAsync("isocatalog.db", Cancel);
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = disk.Environment });
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", null), Cancel);
        disk.Break();
        await site.Client.EndLeaseAsync(lease.Id, Cancel);
        Assert.Empty((await site.Client.GetLeasesAsync(Cancel)).Leases);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        await site.StoreIsAsync(image, "retired");
        disk.Mend();
        await NoDriftAsync(site);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.Empty((await site.Client.GetLeasesAsync(Cancel)).Leases);
        await site.StoreIsAsync(image, "retired");
    }

    /// <summary>What an operator can do by mistake, and sees at once.</summary>
    [Fact]
    public async Task A_folder_in_the_place_of_its_journal_stops_no_recall()
    {
        await using var site = await Scenario.StartAsync();
        var image = await ApiCaller.AddAsync(site, "debian-12.iso", 1);
        var folder = Path.Combine(site.Data, "isocatalog.db-journal");
        await TestSite.EventuallyAsync(() => Task.FromResult(TryCreate(folder)), Cancel);
        await site.Client.BlockImageAsync(image.Id.ToString(), new BlockRequest("hole"), Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.Contains((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == DatabaseFailed);
        Directory.Delete(folder);
        await NoDriftAsync(site);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));

        // A journal may be there just now: what goes on by itself writes now and then.
        static bool TryCreate(string folder)
        {
            try
            {
                return !File.Exists(folder) && Directory.CreateDirectory(folder).Exists;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    private static Task NoDriftAsync(TestSite site) => TestSite.EventuallyAsync(
        async () => (await site.Client.GetDriftAsync(Cancel)).Drift.All(d => d.Code != DatabaseFailed), Cancel, seconds: 90);

    private static async Task<Problem> RefusedAsync(Func<Task> call) => (await Assert.ThrowsAsync<ApplianceException>(call)).Problem;
}
