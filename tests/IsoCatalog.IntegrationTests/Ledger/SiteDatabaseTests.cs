using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>The site's database and its files.</summary>
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

    /// <summary>Before 3.51.3 a log could be damaged when it was begun anew: https://sqlite.org/wal.html#walreset.</summary>
    [Fact]
    public void The_SQLite_that_is_carried_can_be_trusted_with_a_write_ahead_log() =>
        Assert.True(Version.Parse(SiteDatabase.LibraryVersion) >= new Version(3, 51, 3), SiteDatabase.LibraryVersion);

    [Fact]
    public void A_transaction_is_all_or_nothing_and_what_it_wrote_comes_back_to_the_last_bit()
    {
        using (var database = SiteDatabase.Open(Database))
        {
            Assert.ThrowsAny<Exception>(() => database.Write([.. Rows(1), null!]));
            Assert.DoesNotContain("row-1", database.LoadFacts());
            Assert.Empty(database.LoadStore());
            Write(database, 1);
            Check(database, 1);
        }

        using var again = SiteDatabase.Open(Database);
        Check(again, 1);
    }

    /// <summary>A site that is updated has a database that Debian's SQLite wrote, with a rollback journal; one that goes back reads it by that again.</summary>
    [Fact]
    public async Task A_database_of_the_systems_SQLite_is_read_and_written_and_the_other_way_round()
    {
        using (var database = SiteDatabase.Open(Database))
        {
            Write(database, 1);
        }

        Assert.Equal("delete", await BySystemAsync("PRAGMA journal_mode=DELETE"));
        using (var database = SiteDatabase.Open(Database))
        {
            Check(database, 1);
            Write(database, 2);
        }

        Assert.Equal("ok", await BySystemAsync("PRAGMA integrity_check"));
        Assert.Equal("wal", await BySystemAsync("PRAGMA journal_mode"));
        Assert.Equal("2", await BySystemAsync("SELECT count(*) FROM cell"));
    }

    [Fact]
    public void The_half_commit_of_a_rollback_journal_is_taken_back()
    {
        using (var database = SiteDatabase.Open(Database))
        {
            Write(database, 1);
        }

        // As an earlier version left it when it was killed while it carried pages over.
        var killed = _folder.Combine("killed.db");
        using (var earlier = new SqliteConnection($"Data Source={Database};Pooling=False"))
        {
            earlier.Open();
            Execute(earlier, "PRAGMA journal_mode=DELETE; PRAGMA cache_size=1; BEGIN; DELETE FROM lease;");
            Execute(earlier, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO fact SELECT 'half-' || i, hex(randomblob(100)) FROM n;");
            File.Copy(Database, killed);
            File.Copy(Database + "-journal", killed + "-journal");
        }

        using var after = SiteDatabase.Open(killed);
        Check(after, 1);
        Assert.DoesNotContain(after.LoadFacts().Keys, key => key.StartsWith("half-", StringComparison.Ordinal));
        Assert.False(File.Exists(killed + "-journal"));
    }

    [Fact]
    public void The_log_that_a_killed_process_left_goes_into_the_database_at_the_start()
    {
        var killed = _folder.Combine("killed.db");
        using (var database = SiteDatabase.Open(Database))
        {
            Write(database, 1);
            File.Copy(Database, killed);
            File.Copy(Database + "-wal", killed + "-wal");
        }

        var alone = _folder.Combine("alone.db");
        using (SiteDatabase.Open(killed))
        {
            Assert.Equal(0, new FileInfo(killed + "-wal").Length);
            File.Copy(killed, alone);
        }

        using var after = SiteDatabase.Open(alone);
        Check(after, 1);
    }

    [Fact]
    public void An_orderly_end_leaves_one_file()
    {
        using (var database = SiteDatabase.Open(Database))
        {
            Write(database, 1);
        }

        Assert.Equal([Database], Directory.GetFiles(_folder.Path));
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
        Assert.Equal($"größe {row}", database.LoadFacts()[$"row-{row}"]);
        Assert.Equal(new StoreFile.Present(ReceiptOf(row)), database.LoadStore()[Digest(row + 100)]);
        Assert.Equal(new Cell(CellState.Advertised, At, Evidence: ReceiptOf(row)), database.LoadCells()[new CellKey(Image(row), "bmc")]);
        Assert.Contains(Image(row), database.LoadOffered());
        Assert.Contains(LeaseOf(row), database.LoadLeases());
    }

    private static ImageId Image(int row) => new(Digest(row));

    /// <summary>With the highest bits of the unsigned fields, which SQLite keeps as negative numbers.</summary>
    private static Receipt ReceiptOf(int row) =>
        new(ulong.MaxValue, (1UL << 63) + (ulong)row, long.MaxValue, At.ToUnixTimeMilliseconds() * 1_000_000, 1, Digest(row + 100));

    private static Lease LeaseOf(int row) =>
        new($"lease-{row}", Image(row), "bmc", "10.0.0.1", row % 2 == 0 ? null : "token", At, At.AddDays(30));

    private static Sha256Digest Digest(int number) => Sha256Digest.TryParse(number.ToString("x64"), out var digest) ? digest : default;

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Literals of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private async Task<string> BySystemAsync(string sql) => (await Counterpart.RunAsync("sqlite3", [Database, sql], Cancel)).Succeeded().Trim();
}
