using System.Diagnostics;
using IsoCatalog.Client;
using Xunit;

namespace IsoCatalog.IntegrationTests.Crash;

/// <summary>kill -9 at any moment, with adds, removals and publications in flight, again and again on the same folder.</summary>
public sealed class RandomKillTests(ITestOutputHelper output)
{
    private const int Live = 10;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);

    /// <summary>From the start of the process to the whole list, on a machine that runs other tests beside.</summary>
    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(15);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whenever_it_is_killed_what_was_acknowledged_is_back_and_only_right_bytes_are_offered()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var crash = await SiteUnderCrash.StartAsync(Cancel);
        var watch = Stopwatch.StartNew();
        for (var round = 1; round <= 3 || watch.Elapsed < Duration; round++)
        {
            var settled = crash.Promised;
            var touched = await WorkUntilKilledAsync(crash, random.Next(1500), new Random(random.Next()));
            var promised = crash.Promised.Count;

            // What nobody touched was on both lists before, so it is in the first answer after the start.
            var back = Stopwatch.StartNew();
            await crash.Site.StartAgainAsync(Cancel);
            foreach (var surface in new[] { "bmc", "console" })
            {
                var listed = (await crash.Site.Client.GetAvailableAsync(new AvailableRequest(surface), Cancel)).Images.Select(i => i.Name);
                Assert.Empty(settled.Except(touched).Except(listed));
            }

            Assert.True(back.Elapsed < BackWithin, $"The list was back after {back.Elapsed} only.");
            var first = back.ElapsedMilliseconds;
            await crash.CheckAsync();
            output.WriteLine($"round {round}: {promised} acknowledged images, list back after {first} ms, all ready after {back.ElapsedMilliseconds} ms");
        }

        // What was cut off is added again: then nothing is left of any crash.
        foreach (var name in crash.Made.Except(crash.Promised).Where(n => !crash.IsRemoved(n)))
        {
            await AddAgainAsync(crash, name);
        }

        await crash.CheckAsync();
        await crash.CheckNoDriftAsync();
    }

    /// <summary>Three lanes of work until the kill: small images, large ones, and removals.</summary>
    /// <returns>The images whose removal was asked for.</returns>
    private static async Task<IReadOnlyCollection<string>> WorkUntilKilledAsync(SiteUnderCrash crash, int afterMs, Random random)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var removing = new List<string>();
        var candidates = crash.Promised.ToList();
        Task[] lanes =
        [
            LaneAsync(() => crash.UploadAsync(crash.NewImage(200_000), cut.Token), cut.Token),
            LaneAsync(() => crash.UploadAsync(crash.NewImage(4_000_000), cut.Token), cut.Token),
            LaneAsync(async () =>
            {
                if (candidates.Count - removing.Count > Live || (candidates.Count > removing.Count && removing.Count < 2))
                {
                    var name = candidates.Except(removing).ElementAt(random.Next(candidates.Count - removing.Count));
                    removing.Add(name);
                    await crash.RemoveAsync(name, cut.Token);
                }
                else
                {
                    await Task.Delay(Timeout.Infinite, cut.Token);
                }
            }, cut.Token),
        ];
        await Task.Delay(afterMs, Cancel);
        await crash.KillAsync();
        await cut.CancelAsync();
        await Task.WhenAll(lanes);
        return removing;
    }

    private static async Task LaneAsync(Func<Task> work, CancellationToken cut)
    {
        try
        {
            while (!cut.IsCancellationRequested)
            {
                await work();
            }
        }
        catch (Exception e) when (e is ApplianceUnreachableException or OperationCanceledException or IOException)
        {
            // Cut off: not acknowledged.
        }
    }

    private static async Task AddAgainAsync(SiteUnderCrash crash, string name)
    {
        try
        {
            await crash.AddAsync(name);
        }
        catch (ApplianceException e) when (e.Problem.Code == "already-in-catalog")
        {
            // It was durable, only its acknowledgement was cut off.
            await crash.AdvertisedAsync(name);
        }
    }
}
