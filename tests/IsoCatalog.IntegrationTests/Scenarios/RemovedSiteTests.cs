using System.Security.Cryptography;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A site that is taken out of the fleet while it sends.</summary>
[Collection(typeof(WholeMachine))]
public sealed class RemovedSiteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_taken_out_in_mid_transfer_is_cut_off_within_five_seconds_and_the_image_comes_from_another()
    {
        await using var fleet = await TestFleet.PrepareAsync(
            new TestSiteOptions { OwnProcess = true, Extra = "store: { floor: 1MiB }\nfetch: { download: 3MB/s }" }, Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        var bytes = IsoBuilder.InMemory("LARGE", 48 << 20, 1);
        await ams.StartAgainAsync(Cancel);
        await msk.StartAgainAsync(Cancel);
        var image = await ams.UploadAsync("large.iso", bytes);
        await msk.UploadAsync("large.iso", bytes);
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await TestSite.EventuallyAsync(
            async () => (await nyc.Client.GetTransfersAsync(Cancel)).Transfers.Any(t => t.Done > 0 && t.Peers.Any(p => p is { Name: "msk", DownloadRate: > 0 })), Cancel, 60);

        var standing = Standing();
        Assert.True(standing.Count >= 3, $"Of documents in both directions and of the image, there are {standing.Count} connections.");
        await FleetCalls.VerbAsync(0, "trust", "remove-site", "msk", "--config", ams.ConfigurationPath, "--root-key", ams.RootKey, "--yes");
        await TestSite.EventuallyAsync(() => Task.FromResult(!Standing().Intersect(standing).Any()), Cancel, seconds: 5, Words);
        var sent = await msk.MetricAsync("isocatalog_swarm_sent_bytes_total");
        Assert.InRange(sent, 1, image.Size - 1);
        Assert.Equal(CellState.Fetching, (await nyc.CellAsync(image.Id, "bmc", Cancel)).State);

        await nyc.ListsEverywhereAsync(image, seconds: 90);
        Assert.Equal(image.Sha256.ToString(), Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(nyc.StoreFile(image), Cancel))));
        Assert.Equal(sent, await msk.MetricAsync("isocatalog_swarm_sent_bytes_total"));
        Assert.DoesNotContain((await nyc.Client.GetPeersAsync(Cancel)).Peers, p => p is { Site: "msk", ReachableSince: not null });

        List<(string Local, string Remote)> Standing() =>
            [.. Connections.Between(nyc.ProcessId, msk.ProcessId), .. Connections.Between(ams.ProcessId, msk.ProcessId)];

        string Words() => string.Join("; ", fleet.Sites.Select(s => $"{s.Id} {Hex(s.FleetAddress!)} {Hex(s.SwarmAddress!)}"))
            + " still: " + string.Join("; ", Standing().Intersect(standing));

        static string Hex(string address) => int.Parse(address.Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture).ToString("X4", System.Globalization.CultureInfo.InvariantCulture);
    }
}
