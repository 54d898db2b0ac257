using System.Diagnostics;
using System.Text.RegularExpressions;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>The site's database with both SQLite libraries: the system's, and the packaged one where the system has none.</summary>
public sealed partial class SqliteLibraryTests(ITestOutputHelper output)
{
    /// <summary>The version in the package that this repository restores.</summary>
    private const string PackagedVersion = "3.35.5";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SqliteLibraryChild.System, SqliteLibraryChild.System)]
    [InlineData(SqliteLibraryChild.Packaged, SqliteLibraryChild.Packaged)]
    [InlineData(SqliteLibraryChild.System, SqliteLibraryChild.Packaged)]
    [InlineData(SqliteLibraryChild.Packaged, SqliteLibraryChild.System)]
    public async Task A_database_that_one_library_made_is_read_and_written_by_the_other(string first, string second)
    {
        using var folder = new TempFolder();
        var system = await SystemVersionAsync();
        foreach (var (library, generations) in new[] { (first, 1), (second, 2), (first, 3) })
        {
            var said = await RunAsync(folder.Combine("isocatalog.db"), library);
            output.WriteLine($"{library}: SQLite {said.Version}");
            Assert.Equal(library == SqliteLibraryChild.System ? system : PackagedVersion, said.Version);
            Assert.Equal(generations, said.Generations);
        }
    }

    /// <summary>No option chooses the library: so the site runs where the system's file is covered by an empty one, as on a machine without it.</summary>
    [Fact]
    public async Task A_whole_site_goes_from_one_library_to_the_other_and_back()
    {
        var hidden = await WithoutSystemLibraryAsync();
        var system = await SystemVersionAsync();
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var first = await site.AddAsync(site.Write("first.iso", IsoBuilder.InMemory("FIRST", 1 << 20, 1)), Cancel);
        Assert.Equal(system, await VersionAsync(site));

        await site.StopAsync();
        await site.StartAgainAsync(Cancel, hidden);
        Assert.Equal(PackagedVersion, await VersionAsync(site));
        Assert.True(await site.ListsAsync("bmc", first.Id, Cancel));
        Assert.True(await site.ListsAsync("console", first.Id, Cancel));
        var second = await site.AddAsync(site.Write("second.iso", IsoBuilder.InMemory("SECOND", 1 << 20, 2)), Cancel);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(first.Name, "console", "a customer", 3600), Cancel);
        await site.Client.RemoveImageAsync(first.Name, null, Cancel);

        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.Equal(system, await VersionAsync(site));
        Assert.True(await site.ListsAsync("bmc", second.Id, Cancel));
        Assert.False(await site.ListsAsync("bmc", first.Id, Cancel));
        Assert.Equal(lease.Expires, (await site.Client.GetLeaseAsync(lease.Id, Cancel)).Expires);
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    /// <summary>A wrapper for the site; it needs a mount namespace of its own.</summary>
    internal static async Task<string[]> WithoutSystemLibraryAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Covering the system's library needs root.");
        var known = (await Counterpart.RunAsync("ldconfig", ["-p"], Cancel)).Succeeded();
        var library = LibraryPath().Match(known) is { Success: true } found ? found.Groups["path"].Value : null;
        Assert.SkipWhen(library is null, "This system has no libsqlite3.so.0.");
        return
        [
            Counterpart.Require("unshare"), "--mount", "sh", "-c", "mount --bind /dev/null \"$0\" && exec \"$@\"", library!,
        ];
    }

    private static async Task<string> SystemVersionAsync() => (await Counterpart.RunAsync("sqlite3", ["--version"], Cancel)).Succeeded().Split(' ')[0];

    private async Task<string> VersionAsync(TestSite site)
    {
        var version = (await site.Client.GetStatusAsync(Cancel)).Sqlite;
        output.WriteLine($"the site uses SQLite {version}");
        return version;
    }

    private static async Task<(string Version, int Generations)> RunAsync(string database, string library)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            ["-noColor", "-explicit", "only", "-showLiveOutput", "-method", $"*.{nameof(SqliteLibraryChild.Use_a_database_in_another_process)}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[SqliteLibraryChild.DatabaseVariable] = database;
        start.Environment[SqliteLibraryChild.LibraryVariable] = library;
        using var child = Process.Start(start)!;
        var output = child.StandardOutput.ReadToEndAsync(Cancel);
        var error = child.StandardError.ReadToEndAsync(Cancel);
        await child.WaitForExitAsync(Cancel);
        var said = await output + await error;
        Assert.True(child.ExitCode == 0, said);
        return (VersionSaid().Match(said).Groups["version"].Value, int.Parse(GenerationsSaid().Match(said).Groups["count"].Value));
    }

    [GeneratedRegex("sqlite_version (?<version>[0-9.]+)", RegexOptions.None, 1000)]
    private static partial Regex VersionSaid();

    [GeneratedRegex("generations (?<count>[0-9]+)", RegexOptions.None, 1000)]
    private static partial Regex GenerationsSaid();

    [GeneratedRegex(@"libsqlite3\.so\.0 .*=> (?<path>\S+)", RegexOptions.None, 1000)]
    private static partial Regex LibraryPath();
}
