using IsoCatalog.Testing;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.Interop;

/// <summary>The drivers themselves, without our engine: what fails here is not the engine's fault.</summary>
public sealed class CounterpartTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Libtorrent_seeds_to_aria2_and_to_transmission()
    {
        var image = InteropImages.OfEverySize[4];
        image.Place(_folder.Combine("seed"));
        await using var seed = await LibtorrentClient.StartAsync(_folder.Combine("seed"), Cancelled);
        await seed.AddAsync(image, TorrentKind.V1, Cancelled);
        await using var tracker = await TestTracker.StartAsync(Cancelled);
        tracker.Name(seed.Address);
        await using var aria2 = Aria2Client.Start(_folder.Combine("aria2"), [image], tracker, seeds: false);
        await using var transmission = TransmissionClient.Start(_folder.Combine("transmission"), [image], tracker);
        await using var introductions = new Introductions();
        await introductions.MakeAsync(
            image.WireHash(TorrentKind.V1), seed.Address, await transmission.StartedAsync(image, Cancelled), Cancelled);
        Assert.Equal(0, await aria2.EndAsync(Cancelled));
        await transmission.FinishedAsync(image, Cancelled);
        await Downloads.SameAsync(image, _folder.Combine("aria2"), Cancelled);
        await Downloads.SameAsync(image, _folder.Combine("transmission"), Cancelled);
    }
}
