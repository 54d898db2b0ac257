using System.Text.Json;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>One site that is run by one version of the program after another, with leases standing.</summary>
public sealed class DatabaseVersionsTests
{
    private const string Added = "CREATE TABLE note (image TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL); INSERT INTO note VALUES ('some', 'kept'); ALTER TABLE lease ADD COLUMN note TEXT;";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_version_that_only_adds_is_left_and_come_back_to_with_every_lease_and_what_it_added()
    {
        await using var site = await Scenario.StartAsync();
        var (first, second) = (await AddAsync(site, 1), await AddAsync(site, 2));
        var held = await LeaseAsync(site, first);
        await site.Client.RemoveImageAsync(first.Id.ToString(), null, Cancel);

        await StartAsync(site, Next(readableFrom: DatabaseSchema.Current.Version));
        await StandsAsync(site, held);
        var later = await LeaseAsync(site, second);
        await site.Client.RemoveImageAsync(second.Id.ToString(), null, Cancel);
        await site.StopAsync();
        Assert.Equal((DatabaseSchema.Current.Version, DatabaseSchema.Current.Version + 1), await VersionsAsync(site));

        await StartAsync(site, DatabaseSchema.Current);
        await StandsAsync(site, held, later);
        Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "database-lost");
        await site.Client.EndLeaseAsync(held.Id, Cancel);

        await StartAsync(site, Next(readableFrom: DatabaseSchema.Current.Version));
        await StandsAsync(site, later);
        Assert.DoesNotContain((await site.Client.GetLeasesAsync(Cancel)).Leases, l => l.Id == held.Id);
        await site.StopAsync();
        Assert.Equal("kept", await QueryAsync(site, "SELECT text FROM note"));
        Assert.Empty(DatabaseCopy.Of(Database(site)));
    }

    [Fact]
    public async Task A_version_that_the_one_before_cannot_read_is_left_by_the_copy_and_says_what_is_forgotten()
    {
        await using var site = await Scenario.PrepareAsync();
        await site.ConfigureAsync("store: { floor: 1MiB }", "store: { floor: 1MiB }\nretired: { keep: 1s }");
        await site.StartAgainAsync(Cancel);
        var (first, second) = (await AddAsync(site, 1), await AddAsync(site, 2));
        var held = await LeaseAsync(site, first);

        await StartAsync(site, Next(readableFrom: DatabaseSchema.Current.Version + 1));
        await StandsAsync(site, held);
        var lost = await LeaseAsync(site, second);
        await site.Client.RemoveImageAsync(second.Id.ToString(), null, Cancel);
        await site.StopAsync();
        var copy = Assert.Single(DatabaseCopy.Of(Database(site)));
        Assert.Equal((DatabaseSchema.Current.Version, UnixFileMode.UserRead | UnixFileMode.UserWrite), (copy.Version, File.GetUnixFileMode(copy.Path)));

        site.Schema = DatabaseSchema.Current;
        var refused = await Assert.ThrowsAsync<SiteStartException>(() => site.StartAgainAsync(Cancel));
        Assert.Equal("database-newer", refused.Code);
        Assert.Contains("isocatalog database return", refused.Message, StringComparison.Ordinal);

        var (exit, output, errors) = await TestSite.RunAsync(["database", "return", "--config", site.ConfigurationPath], Cancel);
        Assert.True(exit == 0, errors);
        Assert.Contains("1 lease", output, StringComparison.Ordinal);
        Assert.Contains($"{lost.Client} on console, until ", output, StringComparison.Ordinal);
        Assert.Contains(second.Id.ToString(), output, StringComparison.Ordinal);
        Assert.Contains("isocatalog confirm database-lost", output, StringComparison.Ordinal);

        // Whoever holds the removed image is not known any more, so nothing is taken from them.
        await site.StartAgainAsync(Cancel);
        await StandsAsync(site, held);
        var file = Path.Combine(site.Console, second.Name);
        Assert.Contains((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "database-lost");
        Assert.True(File.Exists(file));
        Assert.True(File.Exists(site.StoreFile(second)));

        // Forth again: the copy is of what was true last.
        await StartAsync(site, Next(readableFrom: DatabaseSchema.Current.Version + 1));
        await StandsAsync(site, held);
        Assert.Contains((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "database-lost");
        Assert.True(File.Exists(file));
        await site.Client.ConfirmDriftAsync("database-lost", Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(file)), Cancel);
        Assert.True(await site.ListsAsync("console", first.Id, Cancel));
    }

    [Fact]
    public async Task The_copy_put_back_by_hand_counts_leases_as_held_too()
    {
        await using var site = await Scenario.StartAsync();
        await AddAsync(site, 1);
        await StartAsync(site, Next(readableFrom: DatabaseSchema.Current.Version + 1));
        await site.StopAsync();
        File.Move(Assert.Single(DatabaseCopy.Of(Database(site))).Path, Database(site), overwrite: true);
        await StartAsync(site, DatabaseSchema.Current);
        Assert.Contains((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "database-lost");
    }

    [Fact]
    public async Task The_released_version_is_upgraded_and_returned_to_with_its_lease_and_nothing_to_confirm()
    {
        var released = await ReleasedVersion.ProgramAsync();
        await using var site = await Scenario.PrepareAsync();
        var current = site.Program;
        site.Program = released;
        await site.StartAgainAsync(Cancel);
        var image = await AddAsync(site, 1);
        var held = await LeaseAsync(site, image);
        await site.StopAsync();

        site.Program = current;
        await site.StartAgainAsync(Cancel);
        await StandsAsync(site, held);
        await site.StopAsync();

        site.Program = released;
        Assert.Equal(3, (await site.StartInVainAsync(Cancel)).Exit);
        var (exit, output, errors) = await TestSite.RunAsync(["database", "return", "--config", site.ConfigurationPath, "--json"], Cancel);
        Assert.True(exit == 0, errors);
        using (var said = JsonDocument.Parse(output))
        {
            Assert.Equal((0, false), (said.RootElement.GetProperty("leases").GetArrayLength(), said.RootElement.GetProperty("mustBeConfirmed").GetBoolean()));
        }

        await site.StartAgainAsync(Cancel);
        await StandsAsync(site, held);
        Assert.True(await site.ListsAsync("console", image.Id, Cancel));
        Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "database-lost");
        await site.StopAsync();

        site.Program = current;
        await site.StartAgainAsync(Cancel);
        await StandsAsync(site, held);
    }

    [Fact]
    public async Task A_database_that_cannot_be_copied_is_not_changed()
    {
        using var folder = new TempFolder();
        var path = folder.Combine("isocatalog.db");
        SiteDatabase.Open(path).Dispose();
        Directory.CreateDirectory(path + ".copying");
        var before = await File.ReadAllBytesAsync(path, Cancel);
        var refused = Assert.Throws<SiteStartException>(() => SiteDatabase.Open(path, schema: Next(readableFrom: DatabaseSchema.Current.Version + 1)));
        Assert.Equal("database-uncopied", refused.Code);
        Assert.Equal(before, await File.ReadAllBytesAsync(path, Cancel));
        Directory.Delete(path + ".copying");

        // What a crash left of a copy is written over.
        await File.WriteAllTextAsync(path + ".copying", "half", Cancel);
        SiteDatabase.Open(path, schema: Next(readableFrom: DatabaseSchema.Current.Version + 1)).Dispose();
        Assert.Equal([path + ".7"], Directory.GetFiles(folder.Path).Where(f => f != path));
    }

    [Fact]
    public async Task A_return_is_refused_while_the_site_runs_and_where_there_is_no_copy()
    {
        await using var site = await Scenario.StartAsync();
        Assert.Equal(5, (await TestSite.RunAsync(["database", "return", "--config", site.ConfigurationPath], Cancel)).Exit);
        await StartAsync(site, Next(readableFrom: DatabaseSchema.Current.Version + 1));
        Assert.Equal(6, (await TestSite.RunAsync(["database", "return", "--config", site.ConfigurationPath], Cancel)).Exit);
        Assert.Equal(5, (await TestSite.RunAsync(["database", "return", "--to", "3", "--config", site.ConfigurationPath], Cancel)).Exit);
    }

    /// <summary>The version after this one, which has a table and a column more.</summary>
    private static DatabaseSchema Next(long readableFrom) => new([.. DatabaseSchema.Current.Steps, new SchemaStep(Added, readableFrom)]);

    private static async Task StartAsync(TestSite site, DatabaseSchema schema)
    {
        await site.StopAsync();
        site.Schema = schema;
        await site.StartAgainAsync(Cancel);
    }

    private static Task<ImageView> AddAsync(TestSite site, int number) =>
        site.AddAsync(site.Write($"image-{number}.iso", IsoBuilder.InMemory($"IMAGE{number}", 1 << 20, number)), Cancel);

    private static Task<LeaseView> LeaseAsync(TestSite site, ImageView image) =>
        site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "console", $"customer of {image.Name}", 3600), Cancel);

    /// <summary>The lease is known, and its image where its holder sees it.</summary>
    private static async Task StandsAsync(TestSite site, params LeaseView[] leases)
    {
        var known = (await site.Client.GetLeasesAsync(Cancel)).Leases;
        foreach (var lease in leases)
        {
            Assert.Equal((lease.Image, lease.Client), known.Where(l => l.Id == lease.Id).Select(l => (l.Image, l.Client)).Single());
            Assert.True(File.Exists(Path.Combine(site.Console, lease.Client["customer of ".Length..])));
        }
    }

    private static async Task<(long ReadableFrom, long Built)> VersionsAsync(TestSite site) =>
        (long.Parse(await QueryAsync(site, "PRAGMA user_version")), long.Parse(await QueryAsync(site, "SELECT version FROM built")));

    private static async Task<string> QueryAsync(TestSite site, string sql) => (await Counterpart.RunAsync("sqlite3", [Database(site), sql], Cancel)).Succeeded().Trim();

    private static string Database(TestSite site) => Path.Combine(site.Data, "isocatalog.db");
}
