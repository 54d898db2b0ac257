using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Ledger;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Publishing;

/// <summary>Bits that turn without anybody touching the file: nothing but reading finds them.</summary>
public sealed class ScrubTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(150_001)]
    [InlineData(299_999)]
    public async Task A_flipped_bit_is_found_withdraws_everywhere_and_the_file_is_set_aside_to_be_mended(int at)
    {
        await using var held = await HeldSite.OpenAsync();
        using (var file = File.OpenHandle(held.Path, FileMode.Open, FileAccess.ReadWrite))
        {
            var one = new byte[1];
            RandomAccess.Read(file, one, Math.Min(at, RandomAccess.GetLength(file) - 1));
            one[0] ^= 1;
            RandomAccess.Write(file, one, Math.Min(at, RandomAccess.GetLength(file) - 1));
        }

        await ScrubAsync(held);
        var doubted = Assert.IsType<StoreFile.Doubted>(held.File);
        Assert.Contains("hash to", doubted.Reason, StringComparison.Ordinal);
        Assert.False(held.Ledger.View.IsAvailable(held.Id, held.Ledger.View.Surfaces[0]));

        Assert.True(held.Keeper.Conclude(held.Image, held.Path, doubted, ImageStore.Read(held.Path, held.Image.Value.Root, null, Cancel)));
        Assert.Equal(ReasonCode.StoreDamaged, Assert.IsType<StoreFile.Lost>(held.File).Code);
        Assert.False(held.Ledger.View.IsAvailable(held.Id, held.Ledger.View.Surfaces[1]));
        Assert.Equal(Assert.Single(Directory.GetFiles(held.Folders.Quarantine)), held.Store.LastSetAside(held.Image));
    }

    [Fact]
    public async Task What_is_whole_stays_as_it_is()
    {
        await using var held = await HeldSite.OpenAsync();
        await ScrubAsync(held);
        Assert.IsType<StoreFile.Present>(held.File);
        Assert.True(held.Ledger.View.IsAvailable(held.Id, held.Ledger.View.Surfaces[0]));
    }

    private static Task ScrubAsync(HeldSite held) => new Scrub(
        held.Configuration, held.Ledger, held.Store, held.Doubts, [], TimeProvider.System, NullLogger<Scrub>.Instance).RunAsync(Cancel);
}
