using System.Diagnostics;
using IsoCatalog.Swarm.Pieces;
using Xunit;

namespace IsoCatalog.IntegrationTests.Swarm;

[Collection(typeof(WholeMachine))]
public sealed class RateTests
{
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_limit_holds_within_five_percent_and_may_change_meanwhile(bool upload)
    {
        const int limit = 6 * MiB;
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 64 * MiB);
        var (a, b) = (sites.Start("a", options => options with { Streams = 2 }), sites.Start("b", options => options with { Streams = 2 }));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a)]);
        a.UploadLimit = upload ? limit : 0;
        b.DownloadLimit = upload ? 0 : limit;

        var transfer = b.Fetch(image.Torrent, sites.Combine("b.iso"));
        await SwarmSites.Until(() => transfer.Progress.Fetched > 2 * MiB, "it is under way");
        var (start, before) = (Stopwatch.GetTimestamp(), transfer.Progress.Fetched);
        await SwarmSites.Until(() => Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(3), "three seconds");
        var rate = (transfer.Progress.Fetched - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;

        Assert.InRange(rate, limit * 0.95, limit * 1.05);
        (a.UploadLimit, b.DownloadLimit) = (0, 0);
        await sites.Completed(transfer, seconds: 5);
    }

    [Fact]
    public async Task On_a_long_path_more_and_more_is_asked_for_ahead()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 64 * MiB);
        var (a, b) = (sites.Start("a"), sites.Start("b", options => options with { Streams = 1 }));
        a.Seed(image.Torrent, image.Path);
        using var relay = new DelayRelay(a.Endpoint!, TimeSpan.FromMilliseconds(60));
        b.SetPeers([sites.Peer("a", a) with { EndPoint = relay.Endpoint }]);

        var transfer = b.Fetch(image.Torrent, sites.Combine("b.iso"));
        var (most, trip) = (0, TimeSpan.Zero);
        while (!transfer.Completion.IsCompleted)
        {
            var progress = transfer.Progress;
            most = Math.Max(most, progress.RequestsInFlight);
            trip = progress.Peers.Count > 0 ? progress.Peers[0].RoundTrip : trip;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await sites.Completed(transfer);
        Assert.InRange(trip.TotalMilliseconds, 118, 400);
        Assert.True(most > 2 * RequestWindow.Initial / PieceGeometry.BlockLength, $"at most {most} blocks were in flight");
    }
}
