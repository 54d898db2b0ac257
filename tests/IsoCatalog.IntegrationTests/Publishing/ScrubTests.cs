using System.Globalization;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Ledger;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
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
        Rot(held, at);
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

    [Fact]
    public async Task What_was_read_is_read_again_only_when_its_time_has_come()
    {
        await using var held = await HeldSite.OpenAsync();
        Rot(held, 150_001);

        await ScrubAsync(held, every: TimeSpan.FromDays(7));
        Assert.IsType<StoreFile.Present>(held.File);
        await ScrubAsync(held);
        Assert.IsType<StoreFile.Doubted>(held.File);
    }

    [Fact]
    public async Task A_site_that_was_restarted_goes_on_with_what_it_has_not_read_for_long_enough()
    {
        await using var site = await Scenario.StartAsync();
        await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 300_000, 1)), Cancel);
        await site.StopAsync();
        var database = Path.Combine(site.Data, "isocatalog.db");
        Assert.Equal(["", "console"], (await SqlAsync("SELECT surface FROM file_read ORDER BY surface")).Split('\n').Intersect(["", "console"]));
        await SqlAsync("UPDATE file_read SET at = at - 691200000 WHERE surface <> 'bmc'");
        var before = await SqlAsync(Oldest);

        await site.StartAgainAsync(Cancel);
        await TestSite.EventuallyAsync(async () => long.Parse(await SqlAsync(Oldest), CultureInfo.InvariantCulture) > long.Parse(before, CultureInfo.InvariantCulture), Cancel);

        async Task<string> SqlAsync(string sql) => (await Counterpart.RunAsync("sqlite3", ["-cmd", ".timeout 5000", database, sql], Cancel)).Succeeded().TrimEnd('\n');
    }

    private const string Oldest = "SELECT min(at) FROM file_read WHERE surface <> 'bmc'";

    private static void Rot(HeldSite held, long at)
    {
        using var file = File.OpenHandle(held.Path, FileMode.Open, FileAccess.ReadWrite);
        var one = new byte[1];
        RandomAccess.Read(file, one, Math.Min(at, RandomAccess.GetLength(file) - 1));
        one[0] ^= 1;
        RandomAccess.Write(file, one, Math.Min(at, RandomAccess.GetLength(file) - 1));
    }

    private static Task ScrubAsync(HeldSite held, TimeSpan every = default) => new Scrub(
        new LiveConfiguration(held.Configuration), held.Ledger, held.Files, held.Store, held.Doubts, [], TimeProvider.System, NullLogger<Scrub>.Instance).RunAsync(every, Cancel);
}
