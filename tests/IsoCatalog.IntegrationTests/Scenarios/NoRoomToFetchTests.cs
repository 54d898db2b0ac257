using System.Security.Cryptography;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Files;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A site whose disk has no room for what another one adds.</summary>
public sealed class NoRoomToFetchTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_that_does_not_fit_is_not_begun_says_why_and_comes_when_there_is_room()
    {
        await using var disk = await MountedFolder.TmpfsAsync("24m");
        await using var fleet = await StartAsync(disk, "store: { floor: 4MiB }");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var large = await ams.UploadAsync("large.iso", IsoBuilder.InMemory("LARGE", 40 << 20, 1));
        await StuckAsync(nyc, large);
        var cell = await nyc.CellAsync(large.Id, "bmc", Cancel);
        Assert.All(new[] { "large.iso", "4,194,304", "store.floor", "Free some room" }, word => Assert.Contains(word, cell.Reason, StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(nyc.Data, "staging", "fetch")));
        Assert.True(await nyc.MetricAsync("isocatalog_drift{code=\"no-space\"") > 0);
        Assert.Equal(0, await nyc.MetricAsync("isocatalog_swarm_received_bytes_total"));

        // Others know why they wait, and another image goes its way.
        await TestSite.EventuallyAsync(
            async () => (await ams.Client.GetImageAsync(large.Id.ToString(), Cancel)).Ready["nyc"]["bmc"].Code == ReasonCode.NoSpace, Cancel);
        var small = await ams.PutAsync("small.iso", 2);
        await ams.ListsEverywhereAsync(small);
        await nyc.ListsEverywhereAsync(small);

        await disk.RemountAsync("size=128m");
        await nyc.ListsEverywhereAsync(large, seconds: 90);
        await TestSite.EventuallyAsync(async () => (await nyc.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
    }

    [Fact]
    public async Task A_disk_that_fills_up_in_mid_transfer_stops_that_image_alone_and_it_goes_on_where_it_was()
    {
        await using var disk = await MountedFolder.TmpfsAsync("64m");
        await using var fleet = await StartAsync(disk, "store: { floor: 1MiB }\nfetch: { download: 4MB/s }");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var small = await ams.PutAsync("small.iso", 2);
        await nyc.ListsEverywhereAsync(small);
        var large = await ams.UploadAsync("large.iso", IsoBuilder.InMemory("LARGE", 32 << 20, 1));
        await nyc.KnowsAsync(large.Id, i => i.Ready["nyc"]["bmc"] is { State: CellState.Fetching, Progress: > 0.3 }, seconds: 60);
        Fill(disk);
        await StuckAsync(nyc, large);
        var stopped = await nyc.MetricAsync("isocatalog_swarm_received_bytes_total");
        Assert.InRange(stopped, 1, large.Size - 1);
        Assert.True(await nyc.ListsAsync("bmc", small.Id, Cancel));
        Assert.True(await nyc.ListsAsync("console", small.Id, Cancel));

        File.Delete(Filler(disk));
        await nyc.ListsEverywhereAsync(large, seconds: 90);
        Assert.Equal(large.Sha256.ToString(), Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(nyc.StoreFile(large), Cancel))));
        var again = await nyc.MetricAsync("isocatalog_swarm_received_bytes_total");
        Assert.True(again < small.Size + (large.Size * 1.5), $"{again} bytes were fetched for {large.Size}.");
    }

    /// <summary>Everything that nyc keeps lies on that disk.</summary>
    private static async Task<TestFleet> StartAsync(MountedFolder disk, string extra)
    {
        var fleet = await TestFleet.PrepareAsync(new TestSiteOptions { Extra = extra }, Cancel, "ams", "nyc");
        var data = fleet["nyc"].Data;
        (await Counterpart.RunAsync("cp", ["-a", data + "/.", disk.Path], Cancel)).Succeeded();
        Directory.Delete(data, recursive: true);
        Directory.CreateSymbolicLink(data, disk.Path);
        await fleet.StartAgainAsync(Cancel);

        await fleet.IntroduceAsync(Cancel);
        return fleet;
    }

    private static Task StuckAsync(TestSite site, ImageView image) => TestSite.EventuallyAsync(
        async () => await site.FindAsync(image.Id) is not null
            && (await site.Client.GetImageAsync(image.Id.ToString(), Cancel)).Ready[site.Id]["bmc"] is { State: CellState.Fetching, Code: ReasonCode.NoSpace }
            && (await site.Client.GetDriftAsync(Cancel)).Drift.Any(d => d.Code == ReasonCode.NoSpace && d.Image == image.Id),
        Cancel,
        seconds: 60);

    private static string Filler(MountedFolder disk) => Path.Combine(disk.Path, "filler");

    private static void Fill(MountedFolder disk)
    {
        using var filler = File.Create(Filler(disk));
        var block = new byte[64 << 10];
        try
        {
            while (true)
            {
                filler.Write(block);
                filler.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
