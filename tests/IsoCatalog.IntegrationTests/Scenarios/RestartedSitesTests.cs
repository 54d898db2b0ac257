using System.Collections.Concurrent;
using System.Globalization;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Three sites of which one after the other is ended at a random moment, with kill -9 or as an operator does it, while all of them add, fetch and publish.</summary>
public sealed class RestartedSitesTests(ITestOutputHelper output)
{
    private const int Rounds = 6;
    private const int MostInARound = 3;

    /// <summary>What a site may have fetched and not yet noted when it is killed: it syncs and notes its progress twice a second, and more seldom on a slow disk.</summary>
    private const long AllowancePerEnd = 16 << 20;

    private readonly ConcurrentDictionary<string, (ImageView Image, byte[] Bytes)> _acknowledged = new(StringComparer.Ordinal);
    private int _made;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whichever_site_ends_at_whatever_moment_nothing_acknowledged_is_lost_and_all_have_the_same_in_the_end()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc", "msk");
        var received = fleet.Sites.ToDictionary(s => s.Id, _ => 0.0);
        var ends = fleet.Sites.ToDictionary(s => s.Id, _ => 0);
        for (var round = 0; round < Rounds; round++)
        {
            var (site, moment, kill) = (fleet.Sites[random.Next(3)], random.Next(1200), random.Next(2) == 0);
            output.WriteLine($"round {round}: {site.Id} ends after {moment} ms by {(kill ? "kill -9" : "SIGTERM")}");
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var lanes = fleet.Sites.Select(s => LaneAsync(s, new Random(random.Next()), cut.Token)).ToList();
            await Task.Delay(moment, Cancel);
            received[site.Id] += await site.MetricAsync("isocatalog_swarm_received_bytes_total");
            ends[site.Id]++;
            await EndAsync(site, kill);
            await site.StartAgainAsync(Cancel);
            await fleet.IntroduceAsync(Cancel);
            await cut.CancelAsync();
            await Task.WhenAll(lanes);
        }

        output.WriteLine($"{_acknowledged.Count} images acknowledged, {_acknowledged.Values.Sum(a => a.Image.Size) / 1e6:F0} MB");
        foreach (var site in fleet.Sites)
        {
            foreach (var (image, bytes) in _acknowledged.Values)
            {
                await ListedAsync(site, image);
                Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(site.Console, image.Name), Cancel));
            }
        }

        // What was durable though its acknowledgement was cut off is there too, and everywhere the same.
        var all = await ListAsync(fleet["ams"]);
        Assert.Superset(_acknowledged.Keys.ToHashSet(), all);
        foreach (var site in fleet.Sites)
        {
            await TestSite.EventuallyAsync(async () => (await ListAsync(site)).SetEquals(await ListAsync(fleet["ams"])), Cancel, 60);
            var sum = received[site.Id] + await site.MetricAsync("isocatalog_swarm_received_bytes_total");
            var most = (await site.Client.GetImagesAsync(Cancel)).Images.Sum(i => i.Size) + (ends[site.Id] * AllowancePerEnd);
            output.WriteLine($"{site.Id}: ended {ends[site.Id]} times, {sum / 1e6:F1} MB fetched, {most / 1e6:F1} allowed");
            Assert.True(sum <= most, $"{site.Id} fetched {sum} bytes; {most} would be all images once and what an end may cost.");
            Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code is "documents-forked" or "documents-refused" or "store-damaged");
        }
    }

    /// <summary>Adds images until the site is ended, or the round is.</summary>
    private async Task LaneAsync(TestSite site, Random random, CancellationToken cut)
    {
        try
        {
            for (var added = 0; added < MostInARound; added++)
            {
                var name = $"image-{Interlocked.Increment(ref _made)}.iso";
                var bytes = IsoBuilder.InMemory("RESTART", random.Next(100_000, 3_000_000), _made);
                using var content = new MemoryStream(bytes);
                _acknowledged[name] = (await site.Client.UploadImageAsync(content, name, null, null, null, cut), bytes);
                await Task.Delay(random.Next(300), cut);
            }
        }
        catch (Exception e) when (e is ApplianceUnreachableException or OperationCanceledException or IOException or ObjectDisposedException or ApplianceException)
        {
            // Cut off, or the site is on its way down: not acknowledged.
        }
    }

    private async Task ListedAsync(TestSite site, ImageView image)
    {
        try
        {
            await site.ListsEverywhereAsync(image, seconds: 120);
        }
        catch (TimeoutException)
        {
            var cells = (await site.FindAsync(image.Id))?.Ready.SelectMany(r => r.Value.Select(c => $"{r.Key}/{c.Key}: {c.Value.State} {c.Value.Code} {c.Value.Reason}")) ?? ["it is unknown"];
            output.WriteLine($"{image.Name} at {site.Id}: {string.Join("; ", cells)}");
            throw;
        }
    }

    private static async Task EndAsync(TestSite site, bool kill)
    {
        if (kill)
        {
            await site.KillAsync();
            return;
        }

        (await Counterpart.RunAsync("kill", ["-TERM", site.ProcessId.ToString(CultureInfo.InvariantCulture)], Cancel)).Succeeded();
        await site.WaitForExitAsync(Cancel);
    }

    private static async Task<HashSet<string>> ListAsync(TestSite site) =>
        [.. (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images.Select(i => i.Name)];
}
