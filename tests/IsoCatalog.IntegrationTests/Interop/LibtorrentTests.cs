using IsoCatalog.Testing;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.Interop;

[Collection(typeof(WholeMachine))]
public sealed class LibtorrentTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<TorrentKind> Kinds => [TorrentKind.V1, TorrentKind.Hybrid, TorrentKind.V2];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_downloads_every_size_from_us(TorrentKind kind)
    {
        await using var ours = new PlainEngine();
        await using var theirs = await LibtorrentClient.StartAsync(_folder.Path, Cancelled);
        foreach (var image in InteropImages.OfEverySize)
        {
            ours.Seed(image, kind);
            await theirs.AddAsync(image, kind, Cancelled);
        }

        await theirs.ConnectAsync(ours.Address, Cancelled);
        foreach (var image in InteropImages.OfEverySize)
        {
            await ours.ServesAsync(theirs.FinishedAsync(image, Cancelled));
        }

        await Downloads.SameAsync(_folder.Path, Cancelled);

        Assert.Equal(0, ours.Engine.Counters.Bans.Values.Sum());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_seeds_every_size_to_us(TorrentKind kind)
    {
        await using var ours = new PlainEngine();
        await using var theirs = await LibtorrentClient.StartAsync(_folder.Path, Cancelled);
        foreach (var image in InteropImages.OfEverySize)
        {
            image.Place(_folder.Path);
            await theirs.AddAsync(image, kind, Cancelled);
        }

        ours.Name("libtorrent", theirs.Address);
        foreach (var (image, transfer) in InteropImages.OfEverySize.Select(image => (image, ours.Fetch(image, kind))).ToArray())
        {
            await ours.WholeAsync(transfer, image, Cancelled);
        }

        Assert.Equal(0, ours.Engine.Counters.Bans.Values.Sum());
    }

    [Fact]
    public async Task Its_own_default_of_trying_encryption_first_ends_in_plain_text_and_no_ban()
    {
        var image = InteropImages.OfEverySize[4];
        await using var ours = new PlainEngine();
        ours.Seed(image);
        await using var theirs = await LibtorrentClient.StartAsync(_folder.Path, Cancelled, preferEncryption: true);
        await theirs.AddAsync(image, TorrentKind.Hybrid, Cancelled);
        await theirs.ConnectAsync(ours.Address, Cancelled);
        await ours.ServesAsync(theirs.FinishedAsync(image, Cancelled));
        await Downloads.SameAsync(image, _folder.Path, Cancelled);
    }
}
