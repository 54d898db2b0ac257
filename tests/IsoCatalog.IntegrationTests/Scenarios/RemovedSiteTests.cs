using System.Security.Cryptography;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A site that is taken out of the fleet while it sends, and comes back.</summary>
[Collection(typeof(WholeMachine))]
public sealed class RemovedSiteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_taken_out_in_mid_transfer_is_cut_off_within_five_seconds_and_the_image_comes_from_another()
    {
        await using var fleet = await TestFleet.PrepareAsync(
            new TestSiteOptions { Extra = "store: { floor: 1MiB }\nfetch: { download: 3MB/s }" }, Cancel, "ams", "nyc", "msk");
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

    [Theory]
    [InlineData("")]
    [InlineData("--revoke")]
    public async Task A_site_that_was_taken_out_comes_back_with_new_keys_and_what_it_has(string how)
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "msk");
        var (ams, msk) = (fleet["ams"], fleet["msk"]);
        var before = await msk.PutAsync("before.iso", 1);
        await ams.ListsEverywhereAsync(before);
        string[] revoked = how.Length > 0 ? [how] : [];
        await FleetCalls.VerbAsync(0, ["trust", "remove-site", "msk", .. revoked, "--config", ams.ConfigurationPath, "--root-key", ams.RootKey, "--yes"]);
        Assert.Contains("active", await FleetCalls.VerbAsync(5, "trust", "remove-site", "msk", "--config", ams.ConfigurationPath, "--root-key", ams.RootKey, "--yes"), StringComparison.Ordinal);
        await msk.TrustsAsync(3);
        await TestSite.EventuallyAsync(async () => (await msk.Client.GetDriftAsync(Cancel)).Drift.Any(d => d.Code == "site-not-trusted"), Cancel);

        // Not while it runs, and never with the keys that were taken from it.
        var keys = await File.ReadAllTextAsync(msk.TlsKey(), Cancel);
        await FleetCalls.VerbAsync(6, "init", "--config", msk.ConfigurationPath, "--join", "--address", "127.0.0.1");
        await msk.StopAsync();
        var join = Path.Combine(msk.Root, "join-again.json");
        await FleetCalls.VerbAsync(0, "init", "--config", msk.ConfigurationPath, "--join", "--address", "127.0.0.1");
        Assert.NotEqual(keys, await File.ReadAllTextAsync(msk.TlsKey(), Cancel));
        await FleetCalls.VerbAsync(0, "trust", "add-site", msk.JoinRequest, "--config", ams.ConfigurationPath, "--root-key", ams.RootKey, "--yes", "--out", join);
        await FleetCalls.VerbAsync(0, "join", join, "--config", msk.ConfigurationPath);
        await msk.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);

        await msk.ListsEverywhereAsync(before);
        var there = await msk.PutAsync("there.iso", 2);
        var here = await ams.PutAsync("here.iso", 3);
        await ams.ListsEverywhereAsync(there);
        await msk.ListsEverywhereAsync(here);
        Assert.Empty((await msk.Client.GetDriftAsync(Cancel)).Drift);
        Assert.DoesNotContain((await ams.Client.GetDriftAsync(Cancel)).Drift, d => d.Code is "documents-forked" or "documents-refused");

        // An active site is not given other keys by a slip.
        await msk.StopAsync();
        await FleetCalls.VerbAsync(6, "init", "--config", msk.ConfigurationPath, "--join", "--address", "127.0.0.1");
    }
}
