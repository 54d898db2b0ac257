using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Ledger;

/// <summary>A database that is not trusted any more is written anew from memory. What it says then is what it said, to the last row.</summary>
public sealed class DatabaseAnewTests : IDisposable
{
    private const int Kinds = 10;
    private const int Few = 5;

    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeMilliseconds(1_780_000_000_123);

    private readonly TempFolder _folder = new();

    private string Database => _folder.Combine("isocatalog.db");

    public void Dispose() => _folder.Dispose();

    /// <summary>Another kind of row has to be written anew too: it belongs into <see cref="Some"/>.</summary>
    [Fact]
    public void The_rows_of_these_tests_are_of_every_kind() => Assert.Equal(
        typeof(Row).GetNestedTypes().Order(Comparer<Type>.Create((a, b) => string.CompareOrdinal(a.Name, b.Name))),
        Enumerable.Range(0, Kinds * Few * 4).Select(i => Some(i).GetType()).Distinct().Order(Comparer<Type>.Create((a, b) => string.CompareOrdinal(a.Name, b.Name))));

    [Fact]
    public void Written_anew_it_says_what_it_said_and_what_was_late() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(60),
        Prop.ForAll<int[], int[], int[]>((first, then, late) =>
        {
            var (kept, anew) = (_folder.Combine($"{Guid.NewGuid():N}.db"), _folder.Combine($"{Guid.NewGuid():N}.db"));
            using (var database = SiteDatabase.Open(kept))
            {
                Write(database, first);
                Write(database, then);
                Write(database, late);
            }

            using (var database = SiteDatabase.Open(anew))
            {
                Write(database, first);
            }

            // What was read at a start, what was written since, and what could not be written yet.
            using (var database = SiteDatabase.Open(anew))
            {
                Write(database, then);
                database.WriteAnew(Rows(late));
                Assert.Equal(Said(kept), Said(database));
            }

            Assert.Equal(Said(kept), Said(anew));
            Assert.Equal([anew], Directory.GetFiles(_folder.Path, Path.GetFileName(anew) + "*"));
        }));

    [Fact]
    public void It_goes_on_with_a_new_inode_and_is_written_there()
    {
        using var database = SiteDatabase.Open(Database);
        Write(database, [1, 2, 3]);
        using var before = File.OpenRead(Database);
        database.WriteAnew([]);
        Write(database, [50]);
        var length = before.Length;
        Assert.Equal(length, before.Length);
        File.Copy(Database, _folder.Combine("copy.db"));
        Assert.Equal(Said(_folder.Combine("copy.db")), Said(database));
    }

    /// <summary>The new file is whole and has its first name; the process ended before it took its place.</summary>
    [Fact]
    public void A_new_file_that_was_cut_off_on_its_way_takes_its_place_at_the_start_and_the_old_journal_is_not_played_into_it()
    {
        using (var database = SiteDatabase.Open(Database))
        {
            Write(database, [1, 2, 3]);
        }

        using (var database = SiteDatabase.Open(_folder.Combine("other.db")))
        {
            Write(database, [1, 2, 3, 4, 5, 6, 7, 40, 41]);
        }

        var expected = Said(_folder.Combine("other.db"));
        File.Move(_folder.Combine("other.db"), Database + ".new");
        File.WriteAllBytes(Database + "-journal", HotJournal());
        Assert.Equal(expected, Said(Database));
        Assert.Equal([Database], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_new_file_that_is_not_whole_yet_is_forgotten_at_the_start()
    {
        using (var database = SiteDatabase.Open(Database))
        {
            Write(database, [1, 2, 3]);
        }

        var expected = Said(Database);
        File.WriteAllBytes(Database + ".writing", [1, 2, 3]);
        File.WriteAllBytes(Database + ".writing-journal", [4]);
        Assert.Equal(expected, Said(Database));
        Assert.Equal([Database], Directory.GetFiles(_folder.Path));
    }

    private static void Write(SiteDatabase database, int[] numbers) => database.Write(Rows(numbers));

    private static IReadOnlyCollection<Row> Rows(int[] numbers) => [.. numbers.Select(Some)];

    private static string Said(string path)
    {
        using var database = SiteDatabase.Open(path);
        return Said(database);
    }

    /// <summary>All that the file says, read from it.</summary>
    private static string Said(SiteDatabase database)
    {
        IEnumerable<string> lines =
        [
            .. database.Tables.LoadFacts().Select(f => f.ToString()),
            .. database.Tables.LoadStore().Select(f => f.ToString()),
            .. database.Tables.LoadCells().Select(c => c.ToString()),
            .. database.Tables.LoadOffered().Select(i => i.ToString()),
            .. database.Tables.LoadComputed().Select(p => p.ToString()),
            .. database.Tables.LoadLeases().Select(l => l.ToString()),
            .. database.Tables.LoadReadTimes().Stored.Select(r => $"read {r}"),
            .. database.Tables.LoadReadTimes().Published.Select(r => $"read {r}"),
            .. database.Tables.LoadAliasMoves().Select(m => m.ToString()),
            .. database.Tables.LoadChanges().Select(c => $"{c.Kind} {c.At:O} {c.Is.Hash} {c.Was?.Hash}"),
        ];
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    /// <summary>One of a few rows, so that the same is written, changed and taken away again.</summary>
    private static Row Some(int number)
    {
        var (kind, which, how) = ((uint)number % Kinds, (int)((uint)number / Kinds % Few), (int)((uint)number / Kinds / Few % 4));
        var (image, receipt) = (new ImageId(Digest(which + 1)), new Receipt(ulong.MaxValue, (1UL << 63) + (ulong)which, long.MaxValue, how, -1, Digest(which + 100)));
        return kind switch
        {
            0 => new Row.Fact($"fact {which}", $"größe {how}"),
            1 => new Row.File(Digest(which + 100), how switch
            {
                0 => null,
                1 => new StoreFile.Present(receipt),
                2 => new StoreFile.Doubted(receipt, "touched", At),
                _ => which % 2 == 0 ? new StoreFile.Retired(receipt, At) : new StoreFile.Lost("store-missing", "gone", At),
            }),
            2 => new Row.AtSurface(new CellKey(image, which % 2 == 0 ? "bmc" : "console"), how switch
            {
                0 => null,
                1 => new Cell(CellState.Advertised, At, Evidence: receipt, FileName: "debian.iso"),
                2 => new Cell(CellState.Withdrawn, At, "removed", "The image was removed.", new Evidence.Own(Digest(which + 100), 5, "its own words'")),
                _ => new Cell(CellState.Absent, At, "no-space", "full"),
            }),
            3 => new Row.Offered(image, how % 2 == 0),
            4 => new Row.Computed(new ComputedPair(new ImageId(Digest(which + 1 + how)), Digest(which + 100), how, At)),
            5 => new Row.Held($"lease {which}", how == 0 ? null : new Lease($"lease {which}", image, "bmc", "10.0.0.1", how == 1 ? null : "token", At, At.AddDays(how))),
            6 => new Row.StoredRead(Digest(which + 100), At.AddDays(how)),
            7 => new Row.PublishedRead(new CellKey(image, which % 2 == 0 ? "bmc" : "console"), At.AddDays(how)),
            8 => new Row.Changed(
                new CatalogChange(
                    StatedEntry.Of(SomeImages.Delete(which, At.ToUnixTimeMilliseconds())),
                    which % 2 == 0 ? null : StatedEntry.Of(SomeImages.Put(which, At.ToUnixTimeMilliseconds() - 1)),
                    ChangeKind.Removed,
                    At.AddDays(how)),
                how != 0),
            _ => new Row.Waits($"alias-{which}", how == 0 ? null : new AliasMove($"job {how}", $"alias-{which}", image, how == 1 ? null : how, "me", At, how)),
        };
    }

    private static Sha256Digest Digest(int number) =>
        Sha256Digest.TryParse(number.ToString("x64", System.Globalization.CultureInfo.InvariantCulture), out var digest) ? digest : default;

    /// <summary>What a commit of another database left when it was killed: its first page as it was.</summary>
    private byte[] HotJournal()
    {
        var victim = _folder.Combine("victim.db");
        using (var database = SiteDatabase.Open(victim))
        {
            Write(database, [1]);
        }

        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={victim};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();

        // With so small a cache, pages go into the file before the commit, and so the journal is complete and synced by then.
        command.CommandText =
            """
            PRAGMA cache_size=1; BEGIN; DELETE FROM fact;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO fact SELECT 'half-' || i, hex(randomblob(100)) FROM n;
            """;
        command.ExecuteNonQuery();
        var journal = File.ReadAllBytes(victim + "-journal");
        connection.Dispose();
        File.Delete(victim);
        Assert.NotEqual(0, journal[0]);
        return journal;
    }
}
