using IsoCatalog.Swarm;
using IsoCatalog.Testing;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.Interop;

/// <summary>Standard seeds whose file went wrong after they had checked it.</summary>
[Collection(typeof(WholeMachine))]
public sealed class WrongSeedTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<TorrentKind> Kinds => LibtorrentTests.Kinds;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_seed_whose_file_is_wrong_is_cut_counted_and_banned_and_a_good_one_finishes(TorrentKind kind)
    {
        var image = InteropImages.WithLongPieces;
        await using var ours = new PlainEngine();
        await using var bad = await LibtorrentClient.StartAsync(_folder.Combine("bad"), Cancelled);
        var path = image.Place(_folder.Combine("bad"));
        await bad.AddAsync(image, kind, Cancelled);

        // One bit in each piece, so that whichever it is asked for first is wrong.
        Spoil(path, image, Enumerable.Range(0, image.Bytes.Length / image.Digests.PieceLength).Select(piece => piece * image.Digests.PieceLength));
        ours.Name("bad", bad.Address);
        var transfer = ours.Fetch(image, kind);
        await ours.BannedAsync(CutReason.Corrupt, Cancelled);
        await ours.CutAsync(CutReason.Corrupt, Cancelled);
        Assert.True(ours.Engine.Counters.CorruptLeaves.Values.Sum() > 0, ours.Said);
        Assert.False(transfer.Completion.IsCompleted);

        await using var good = await LibtorrentClient.StartAsync(_folder.Combine("good"), Cancelled);
        image.Place(_folder.Combine("good"));
        await good.AddAsync(image, kind, Cancelled);
        ours.Name("good", good.Address);
        await ours.WholeAsync(transfer, image, Cancelled);
    }

    [Fact]
    public async Task A_seed_that_goes_wrong_in_a_few_places_costs_only_those()
    {
        var image = InteropImages.WithLongPieces;
        await using var ours = new PlainEngine();
        await using var bad = await LibtorrentClient.StartAsync(_folder.Combine("bad"), Cancelled);
        await using var good = await LibtorrentClient.StartAsync(_folder.Combine("good"), Cancelled);
        var path = image.Place(_folder.Combine("bad"));
        await bad.AddAsync(image, TorrentKind.Hybrid, Cancelled);
        Spoil(path, image, [5_000_000, 20_000_000, 30_000_000]);
        image.Place(_folder.Combine("good"));
        await good.AddAsync(image, TorrentKind.Hybrid, Cancelled);
        ours.Name("bad", bad.Address);
        ours.Name("good", good.Address);
        await ours.WholeAsync(ours.Fetch(image), image, Cancelled);
        Assert.True(ours.Engine.Counters.BytesWasted < image.Bytes.Length / 2, ours.Said);
    }

    // After its check: libtorrent believes its file.
    private static void Spoil(string path, SeededImage image, IEnumerable<int> places)
    {
        using var file = new FileStream(path, FileMode.Open);
        foreach (var at in places)
        {
            file.Position = at;
            file.WriteByte((byte)(image.Bytes[at] ^ 1));
        }
    }
}
