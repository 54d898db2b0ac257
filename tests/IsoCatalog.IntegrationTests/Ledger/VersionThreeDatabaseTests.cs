using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>A database as version 3 left it, which knew of a published image nothing but the receipt of a file.</summary>
public sealed class VersionThreeDatabaseTests
{
    private const string Schema =
        """
        CREATE TABLE receipt (
            place TEXT NOT NULL, image TEXT NOT NULL,
            device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
            modified INTEGER NOT NULL, changed INTEGER NOT NULL, root TEXT NOT NULL,
            code TEXT, reason TEXT, since INTEGER,
            PRIMARY KEY (place, image));
        CREATE TABLE cell (
            image TEXT NOT NULL, surface TEXT NOT NULL, state TEXT NOT NULL, code TEXT, reason TEXT, since INTEGER NOT NULL,
            device INTEGER, inode INTEGER, size INTEGER, modified INTEGER, changed INTEGER, root TEXT, name TEXT,
            PRIMARY KEY (image, surface));
        CREATE TABLE offered (image TEXT NOT NULL PRIMARY KEY);
        CREATE TABLE computed (root TEXT NOT NULL PRIMARY KEY, image TEXT NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL);
        CREATE TABLE lease (
            id TEXT NOT NULL PRIMARY KEY, image TEXT NOT NULL, surface TEXT NOT NULL, client TEXT NOT NULL, token TEXT,
            created INTEGER NOT NULL, expires INTEGER NOT NULL);
        CREATE TABLE alias_move (
            alias TEXT NOT NULL PRIMARY KEY, job TEXT NOT NULL, image TEXT NOT NULL, keep INTEGER, asker TEXT NOT NULL, since INTEGER NOT NULL, asked INTEGER NOT NULL);
        CREATE TABLE fact (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
        INSERT INTO fact (name, value) VALUES ('catalog-signed', 'yes');
        PRAGMA user_version = 3;
        """;

    private static readonly DateTimeOffset Since = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);
    private static readonly Sha256Digest Root = Digest(7);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Its_cells_are_read_as_they_were_and_take_evidence_of_any_kind()
    {
        using var folder = new TempFolder();
        var path = folder.Combine("isocatalog.db");
        (await Counterpart.RunAsync(
            "sqlite3",
            [
                path,
                $"""
                {Schema}
                INSERT INTO receipt VALUES ('store', '{Image(1)}', 1, 2, 3, 4, 5, '{Root}', NULL, NULL, NULL);
                INSERT INTO cell VALUES ('{Image(1)}', 'console', 'Advertised', NULL, NULL, {Since.ToUnixTimeMilliseconds()}, -1, 20, 30, 40, 50, '{Root}', 'debian-12.iso');
                INSERT INTO cell VALUES ('{Image(2)}', 'console', 'Absent', 'no-space', 'The disk is full.', {Since.ToUnixTimeMilliseconds()}, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
                INSERT INTO offered VALUES ('{Image(1)}');
                """,
            ],
            Cancel)).Succeeded();
        var shown = new Cell(CellState.Advertised, Since, Evidence: new Receipt(ulong.MaxValue, 20, 30, 40, 50, Root), FileName: "debian-12.iso");
        var absent = new Cell(CellState.Absent, Since, "no-space", "The disk is full.");
        var disk = shown with { Evidence = new Evidence.Own(Root, 30, "3fa85f64 größe'") };
        using (var database = SiteDatabase.Open(path))
        {
            Assert.Equal(new StoreFile.Present(new Receipt(1, 2, 3, 4, 5, Root)), database.Tables.LoadStore()[Root]);
            Assert.Equal("yes", database.Tables.LoadFacts()["catalog-signed"]);
            Assert.Equal([Image(1)], database.Tables.LoadOffered());
            Same([(Image(1), shown), (Image(2), absent)], database);
            database.Write([new Row.AtSurface(new CellKey(Image(2), "console"), disk)]);
        }

        Assert.Equal("7", (await Counterpart.RunAsync("sqlite3", [path, "PRAGMA user_version"], Cancel)).Succeeded().Trim());
        using (var again = SiteDatabase.Open(path))
        {
            Same([(Image(1), shown), (Image(2), disk)], again);
            again.Write([new Row.AtSurface(new CellKey(Image(1), "console"), disk)]);
            again.Write([new Row.AtSurface(new CellKey(Image(2), "console"), shown)]);
            Same([(Image(1), disk), (Image(2), shown)], again);
        }
    }

    private static void Same(IEnumerable<(ImageId Image, Cell Cell)> expected, SiteDatabase database) => Assert.Equal(
        expected.ToDictionary(e => new CellKey(e.Image, "console"), e => e.Cell), database.Tables.LoadCells());

    private static ImageId Image(int number) => new(Digest(number));

    private static Sha256Digest Digest(int number) => Sha256Digest.TryParse(number.ToString("x64", System.Globalization.CultureInfo.InvariantCulture), out var digest) ? digest : default;
}
