using System.Globalization;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A process that may have too few files open (RLIMIT_NOFILE).</summary>
public sealed class OpenFilesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(200)]
    [InlineData(256)]
    [InlineData(400)]
    public async Task Too_few_for_a_site_are_refused_in_words_before_anything_is_opened(int limit)
    {
        await using var site = await Scenario.PrepareAsync(new TestSiteOptions { Wrapper = Limited(limit.ToString(CultureInfo.InvariantCulture)) });
        var before = Files(site);
        var (exit, errors) = await site.StartInVainAsync(Cancel);

        Assert.Equal(3, exit);
        Assert.All([$"may have {limit} files", "needs 448", "LimitNOFILE=65536", "ulimit -n 65536"], word => Assert.Contains(word, errors, StringComparison.Ordinal));
        Assert.DoesNotContain("could not load", errors, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(before, Files(site));
    }

    /// <summary>The runtime takes what it may have.</summary>
    [Fact]
    public async Task What_the_process_may_ask_for_is_what_counts()
    {
        await using var site = await Scenario.PrepareAsync(new TestSiteOptions { Wrapper = ["bash", "-c", "ulimit -Hn 2048; ulimit -Sn 256; exec \"$@\"", "--"] });
        await site.StartAgainAsync(Cancel);
        Assert.Empty((await site.Client.GetImagesAsync(Cancel)).Images);
    }

    [Fact]
    public async Task Each_image_of_a_fleet_counts_and_the_check_of_the_configuration_says_so_too()
    {
        await using var fleet = await TestFleet.PrepareAsync(new TestSiteOptions { OwnProcess = true }, Cancel, "ams");
        var site = fleet["ams"];
        foreach (var number in Enumerable.Range(0, 300))
        {
            var name = number.ToString("x64", CultureInfo.InvariantCulture);
            Directory.CreateDirectory(Path.Combine(site.Data, "store", name[^2..]));
            await File.WriteAllTextAsync(Path.Combine(site.Data, "store", name[^2..], name), "", Cancel);
            await File.WriteAllTextAsync(Path.Combine(site.Data, "store", name[^2..], name + ".torrent"), "", Cancel);
        }

        var refused = await Assert.ThrowsAnyAsync<Exception>(() => site.StartAgainAsync(Cancel, Limited("700")));
        Assert.Contains("needs 748", refused.Message, StringComparison.Ordinal);
        var check = await Counterpart.RunAsync("bash", ["-c", "ulimit -n 700; exec \"$@\"", "--", "dotnet", site.Program, "check-config", site.ConfigurationPath], Cancel);
        Assert.Contains("needs 748", check.Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_runs_out_of_files_says_so_once_for_as_long_as_it_is_so()
    {
        var prlimit = Counterpart.Require("prlimit");
        await using var site = await Scenario.PrepareAsync(TestSiteOptions.InOwnProcess);
        await site.StartAgainAsync(Cancel);
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 40_000, 1)), Cancel);

        await LimitAsync(Open() + 24);
        var drift = await witness.DriftAsync(ReasonCode.FilesExhausted);
        Assert.Contains("LimitNOFILE=", drift.Reason, StringComparison.Ordinal);
        Assert.Equal(drift, Assert.Single((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == ReasonCode.FilesExhausted));
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));

        await LimitAsync(4096);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel, seconds: 60);
        Assert.Equal(1, await witness.MetricAsync("""isocatalog_drift_found_total{code="files-exhausted",surface=""}"""));
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        await site.AddAsync(site.Write("debian-13.iso", IsoBuilder.InMemory("DEBIAN", 40_000, 2)), Cancel);
        var log = await site.StopAsync();
        Assert.InRange(log.Split('\n').Length, 1, 60);

        int Open() => Directory.EnumerateFileSystemEntries($"/proc/{site.ProcessId}/fd").Count();

        async Task LimitAsync(int limit) => (await Counterpart.RunAsync(prlimit, [$"--pid={site.ProcessId}", $"--nofile={limit}:"], Cancel)).Succeeded();
    }

    private static string Files(TestSite site) => string.Join(
        '\n', Directory.EnumerateFileSystemEntries(site.Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {File.GetLastWriteTimeUtc(f):O}"));

    private static string[] Limited(string limit) => ["bash", "-c", $"ulimit -n {limit}; exec \"$@\"", "--"];
}
