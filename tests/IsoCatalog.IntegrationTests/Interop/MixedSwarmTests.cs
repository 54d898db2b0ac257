using IsoCatalog.Testing;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.Interop;

[Collection(typeof(WholeMachine))]
public sealed class MixedSwarmTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_clients_that_have_a_half_each_and_we_who_have_nothing_all_end_with_the_whole()
    {
        var image = InteropImages.WithLongPieces;
        var middle = image.Bytes.Length / 2 / image.Digests.PieceLength * image.Digests.PieceLength;
        PlaceWithout(image, _folder.Combine("libtorrent"), middle..);
        PlaceWithout(image, _folder.Combine("aria2"), ..middle);

        await using var ours = new PlainEngine();
        await using var tracker = await TestTracker.StartAsync(Cancelled);
        tracker.Name(ours.Address);
        await using var libtorrent = await LibtorrentClient.StartAsync(_folder.Combine("libtorrent"), Cancelled);
        await libtorrent.AddAsync(image, TorrentKind.V1, Cancelled);
        await using var aria2 = Aria2Client.Start(_folder.Combine("aria2"), [image], tracker, seeds: true);

        // The two do not know each other: each gets its other half through us.
        var transfer = ours.Fetch(image);
        ours.Name("libtorrent", libtorrent.Address);
        ours.Name("aria2", await aria2.StartedAsync(image, Cancelled));
        await ours.WholeAsync(transfer, image, Cancelled);
        await ours.ServesAsync(libtorrent.FinishedAsync(image, Cancelled));
        await tracker.HeardAsync(image.WireHash(TorrentKind.V1), static announce => announce.Event == "completed", Cancelled);
        await Downloads.SameAsync(image, _folder.Combine("libtorrent"), Cancelled);
        await Downloads.SameAsync(image, _folder.Combine("aria2"), Cancelled);
    }

    [Fact]
    public async Task Clients_of_three_kinds_of_torrent_download_the_same_file_from_us_at_once()
    {
        var image = InteropImages.Large;
        await using var ours = new PlainEngine();
        ours.Seed(image);
        await using var tracker = await TestTracker.StartAsync(Cancelled);
        tracker.Name(ours.Address);
        await using var hybrid = await LibtorrentClient.StartAsync(_folder.Combine("hybrid"), Cancelled);
        await using var v1 = await LibtorrentClient.StartAsync(_folder.Combine("v1"), Cancelled);
        await hybrid.AddAsync(image, TorrentKind.Hybrid, Cancelled);
        await v1.AddAsync(image, TorrentKind.V1, Cancelled);
        await using var aria2 = Aria2Client.Start(_folder.Combine("aria2"), [image], tracker, seeds: false);
        await hybrid.ConnectAsync(ours.Address, Cancelled);
        await v1.ConnectAsync(ours.Address, Cancelled);

        await ours.ServesAsync(hybrid.FinishedAsync(image, Cancelled));
        await ours.ServesAsync(v1.FinishedAsync(image, Cancelled));
        Assert.Equal(0, await aria2.EndAsync(Cancelled));
        foreach (var name in (string[])["hybrid", "v1", "aria2"])
        {
            await Downloads.SameAsync(image, _folder.Combine(name), Cancelled);
        }
    }

    private static void PlaceWithout(SeededImage image, string folder, Range missing)
    {
        var path = image.Place(folder);
        var (start, length) = missing.GetOffsetAndLength(image.Bytes.Length);
        using var file = new FileStream(path, FileMode.Open) { Position = start };
        file.Write(new byte[length]);
    }
}
