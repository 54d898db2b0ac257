using IsoCatalog.Testing;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.Interop;

public sealed class TransmissionTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_downloads_every_size_from_us()
    {
        await using var ours = new PlainEngine();
        ours.SeedEverySize();
        await using var tracker = await TestTracker.StartAsync(Cancelled);
        await using var theirs = TransmissionClient.Start(_folder.Path, InteropImages.OfEverySize, tracker);
        await using var introductions = new Introductions();
        foreach (var image in InteropImages.OfEverySize)
        {
            await introductions.MakeAsync(
                image.WireHash(TorrentKind.V1), ours.Address, await theirs.StartedAsync(image, Cancelled), Cancelled);
        }

        foreach (var image in InteropImages.OfEverySize)
        {
            await ours.ServesAsync(theirs.FinishedAsync(image, Cancelled));
        }

        await Downloads.SameAsync(_folder.Path, Cancelled);
    }

    [Fact]
    public async Task It_seeds_every_size_to_us()
    {
        InteropImages.Place(_folder.Path);
        await using var ours = new PlainEngine();
        await using var tracker = await TestTracker.StartAsync(Cancelled);
        await using var theirs = TransmissionClient.Start(_folder.Path, InteropImages.OfEverySize, tracker);
        foreach (var image in InteropImages.OfEverySize)
        {
            await ours.ServesAsync(theirs.FinishedAsync(image, Cancelled));
        }

        ours.Name("transmission", await theirs.StartedAsync(InteropImages.Large, Cancelled));
        foreach (var (image, transfer) in InteropImages.OfEverySize.Select(image => (image, ours.Fetch(image))).ToArray())
        {
            await ours.WholeAsync(transfer, image, Cancelled);
        }
    }
}
