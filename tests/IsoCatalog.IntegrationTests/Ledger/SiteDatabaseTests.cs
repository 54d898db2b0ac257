using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>The site's database.</summary>
public sealed class SiteDatabaseTests : IDisposable
{
    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeMilliseconds(1_780_000_000_123);

    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Database => _folder.Combine("isocatalog.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_site_uses_the_SQLite_that_it_carries_and_says_which()
    {
        await using var site = await Scenario.StartAsync(TestSiteOptions.InOwnProcess);

        Assert.Equal(SiteDatabase.LibraryVersion, (await site.Client.GetStatusAsync(Cancel)).Sqlite);
        var mapped = await File.ReadAllTextAsync($"/proc/{site.ProcessId}/maps", Cancel);
        Assert.Contains("/libe_sqlite3.so", mapped, StringComparison.Ordinal);
        Assert.DoesNotContain("/libsqlite3.so", mapped, StringComparison.Ordinal);
    }

    [Fact]
    public void A_transaction_is_all_or_nothing_and_what_it_wrote_comes_back_to_the_last_bit()
    {
        using (var database = SiteDatabase.Open(Database))
        {
            Assert.ThrowsAny<Exception>(() => database.Write([.. Rows(1), null!]));
            Assert.DoesNotContain("row-1", database.Tables.LoadFacts());
            Assert.Empty(database.Tables.LoadStore());
            Write(database, 1);
            Check(database, 1);
        }

        using var again = SiteDatabase.Open(Database);
        Check(again, 1);
    }

    /// <summary>What a site had before it carried a SQLite of its own, and what it goes back to.</summary>
    [Fact]
    public async Task A_database_of_the_systems_SQLite_is_read_and_written_and_the_other_way_round()
    {
        using (var database = SiteDatabase.Open(Database))
        {
            Write(database, 1);
        }

        await BySystemAsync("UPDATE fact SET value = value || '!' WHERE name = 'row-1'; VACUUM;");
        using (var database = SiteDatabase.Open(Database))
        {
            Assert.Equal("größe 1!", database.Tables.LoadFacts()["row-1"]);
            Write(database, 1);
            Write(database, 2);
            Check(database, 1);
            Check(database, 2);
        }

        Assert.Equal("ok", await BySystemAsync("PRAGMA integrity_check"));
        Assert.Equal("2", await BySystemAsync("SELECT count(*) FROM cell"));
    }

    [Fact]
    public async Task The_half_commit_that_the_systems_SQLite_left_is_taken_back()
    {
        using (var database = SiteDatabase.Open(Database))
        {
            Write(database, 1);
        }

        // With so small a cache, pages go into the database before the commit. The copies are what a kill would leave.
        var killed = _folder.Combine("killed.db");
        await BySystemAsync(
            "PRAGMA cache_size=1; BEGIN; DELETE FROM lease;",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO fact SELECT 'half-' || i, hex(randomblob(100)) FROM n;",
            $".shell cp {Database} {killed} && cp {Database}-journal {killed}-journal");
        Assert.NotEqual(await File.ReadAllBytesAsync(Database, Cancel), await File.ReadAllBytesAsync(killed, Cancel));

        using var after = SiteDatabase.Open(killed);
        Check(after, 1);
        Assert.DoesNotContain(after.Tables.LoadFacts().Keys, key => key.StartsWith("half-", StringComparison.Ordinal));
        Assert.False(File.Exists(killed + "-journal"));
    }

    private static void Write(SiteDatabase database, int row) => database.Write(Rows(row));

    private static IReadOnlyList<Row> Rows(int row) =>
    [
        new Row.Fact($"row-{row}", $"größe {row}"),
        new Row.File(Digest(row + 100), new StoreFile.Present(ReceiptOf(row))),
        new Row.AtSurface(new CellKey(Image(row), "bmc"), new Cell(CellState.Advertised, At, Evidence: ReceiptOf(row))),
        new Row.Offered(Image(row), true),
        new Row.Held($"lease-{row}", LeaseOf(row)),
    ];

    private static void Check(SiteDatabase database, int row)
    {
        Assert.Equal($"größe {row}", database.Tables.LoadFacts()[$"row-{row}"]);
        Assert.Equal(new StoreFile.Present(ReceiptOf(row)), database.Tables.LoadStore()[Digest(row + 100)]);
        Assert.Equal(new Cell(CellState.Advertised, At, Evidence: ReceiptOf(row)), database.Tables.LoadCells()[new CellKey(Image(row), "bmc")]);
        Assert.Contains(Image(row), database.Tables.LoadOffered());
        Assert.Contains(LeaseOf(row), database.Tables.LoadLeases());
    }

    private static ImageId Image(int row) => new(Digest(row));

    /// <summary>With the highest bits of the unsigned fields, which SQLite keeps as negative numbers.</summary>
    private static Receipt ReceiptOf(int row) =>
        new(ulong.MaxValue, (1UL << 63) + (ulong)row, long.MaxValue, At.ToUnixTimeMilliseconds() * 1_000_000, 1, Digest(row + 100));

    private static Lease LeaseOf(int row) =>
        new($"lease-{row}", Image(row), "bmc", "10.0.0.1", row % 2 == 0 ? null : "token", At, At.AddDays(30));

    private static Sha256Digest Digest(int number) => Sha256Digest.TryParse(number.ToString("x64"), out var digest) ? digest : default;

    private async Task<string> BySystemAsync(params string[] commands) =>
        (await Counterpart.RunAsync("sqlite3", [Database, .. commands], Cancel)).Succeeded().Trim();
}
