using IsoCatalog.Testing;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.Interop;

public sealed class Aria2Tests : IDisposable
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
        tracker.Name(ours.Address);
        await using var theirs = Aria2Client.Start(_folder.Path, InteropImages.OfEverySize, tracker, seeds: false);
        try
        {
            Assert.Equal(0, await theirs.EndAsync(Cancelled));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\nAnd we:\n{ours.Said}", e);
        }

        await Downloads.SameAsync(_folder.Path, Cancelled);
    }

    [Fact]
    public async Task It_seeds_every_size_to_us()
    {
        InteropImages.Place(_folder.Path);
        await using var ours = new PlainEngine();
        await using var tracker = await TestTracker.StartAsync(Cancelled);
        await using var theirs = Aria2Client.Start(_folder.Path, InteropImages.OfEverySize, tracker, seeds: true);
        var transfers = InteropImages.OfEverySize.Select(image => (Image: image, Transfer: ours.Fetch(image))).ToArray();
        foreach (var (image, _) in transfers)
        {
            ours.Name($"aria2 {image.Bytes.Length}", await theirs.StartedAsync(image, Cancelled));
        }

        foreach (var (image, transfer) in transfers)
        {
            await ours.WholeAsync(transfer, image, Cancelled);
        }
    }
}
