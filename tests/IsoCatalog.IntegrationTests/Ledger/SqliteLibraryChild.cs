using System.Diagnostics.CodeAnalysis;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using Microsoft.Data.Sqlite;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>
/// The process that <see cref="SqliteLibraryTests"/> starts: this same program, told to run nothing but this. A process loads one SQLite and keeps it.
/// </summary>
public sealed class SqliteLibraryChild(ITestOutputHelper output)
{
    public const string DatabaseVariable = "ISOCATALOG_TEST_DATABASE";
    public const string LibraryVariable = "ISOCATALOG_TEST_LIBRARY";
    public const string System = "system";
    public const string Packaged = "packaged";

    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeMilliseconds(1_780_000_000_123);

    [Fact(Explicit = true)]
    public void Use_a_database_in_another_process()
    {
        var path = Read(DatabaseVariable);
        Assert.SkipWhen(path is null, "This is a part of another test.");
        SqliteLibrary.Load(preferSystem: Read(LibraryVariable) == System);

        // Whoever came before left rows that are read here; each run adds one generation.
        using var database = SiteDatabase.Open(path!);
        var before = database.LoadFacts().Count(f => f.Key.StartsWith("generation", StringComparison.Ordinal));
        for (var generation = 0; generation < before; generation++)
        {
            Check(database, generation);
        }

        Assert.Throws<InvalidOperationException>(() => database.InTransaction(() =>
        {
            Write(database, before);
            throw new InvalidOperationException("taken back");
        }));
        Assert.False(database.LoadFacts().ContainsKey($"generation-{before}"));
        database.InTransaction(() => Write(database, before));
        Check(database, before);
        output.WriteLine($"generations {before + 1}");
        output.WriteLine($"sqlite_version {Version()}");
    }

    private static void Write(SiteDatabase database, int generation)
    {
        database.SaveFact($"generation-{generation}", $"größe {generation}");
        database.SaveStoreFile(Image(generation), new StoreFile.Present(ReceiptOf(generation)));
        database.SaveCell(new CellKey(Image(generation), "bmc"), new Cell(CellState.Advertised, At, Receipt: ReceiptOf(generation)));
        database.SaveOffered(Image(generation), true);
        database.SaveLease(LeaseOf(generation));
    }

    private static void Check(SiteDatabase database, int generation)
    {
        Assert.Equal($"größe {generation}", database.LoadFacts()[$"generation-{generation}"]);
        Assert.Equal(new StoreFile.Present(ReceiptOf(generation)), database.LoadStore()[Image(generation)]);
        Assert.Equal(
            new Cell(CellState.Advertised, At, Receipt: ReceiptOf(generation)), database.LoadCells()[new CellKey(Image(generation), "bmc")]);
        Assert.Contains(Image(generation), database.LoadOffered());
        Assert.Contains(LeaseOf(generation), database.LoadLeases());
    }

    private static ImageId Image(int generation) => new(Digest(generation));

    /// <summary>With the highest bits of the unsigned fields, which SQLite keeps as negative numbers.</summary>
    private static Receipt ReceiptOf(int generation) =>
        new(ulong.MaxValue, (1UL << 63) + (ulong)generation, long.MaxValue, At.ToUnixTimeMilliseconds() * 1_000_000, 1, Digest(generation + 100));

    private static Lease LeaseOf(int generation) =>
        new($"lease-{generation}", Image(generation), "bmc", "10.0.0.1", generation % 2 == 0 ? null : "token", At, At.AddDays(30));

    private static Sha256Digest Digest(int number) => Sha256Digest.TryParse(number.ToString("x64"), out var digest) ? digest : default;

    private static string Version()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "select sqlite_version()";
        return (string)command.ExecuteScalar()!;
    }

    [SuppressMessage("ApiDesign", "RS0030:Do not use banned APIs", Justification = "A test that starts itself again has no other way to tell it anything.")]
    private static string? Read(string variable) => Environment.GetEnvironmentVariable(variable);
}
