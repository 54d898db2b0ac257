using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using Microsoft.Data.Sqlite;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// What cannot be read off the signed documents: receipts, cells, leases, what is retired. One process opens it, and the callers take turns
/// (<see cref="SiteLedger"/> holds its lock around every call). Rollback journal, because older SQLite versions have a WAL reset bug.
/// </summary>
internal sealed class SiteDatabase : IDisposable
{
    /// <summary>A fact: since when nobody knows the leases that there were (Unix milliseconds), or one of the two words below.</summary>
    public const string LeasesForgotten = "leases-forgotten";

    /// <summary>The database was made just now. Whether there was anything to forget, only the signed document can tell.</summary>
    public const string ForgottenNew = "new";

    public const string ForgottenNothing = "nothing";

    /// <summary>A fact: this site has signed a catalog, so its document must be there.</summary>
    public const string CatalogSigned = "catalog-signed";

    private const int SchemaVersion = 3;
    private const string ComputedTable =
        "CREATE TABLE computed (root TEXT NOT NULL PRIMARY KEY, image TEXT NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL);";

    private const string AliasMoveTable =
        """
        CREATE TABLE alias_move (
            alias TEXT NOT NULL PRIMARY KEY, job TEXT NOT NULL, image TEXT NOT NULL, keep INTEGER, asker TEXT NOT NULL, since INTEGER NOT NULL, asked INTEGER NOT NULL);
        """;

    private const string StorePlace = "store";
    private const string RetiredPlace = "retired";

    private readonly SqliteConnection _connection;
    private readonly string _path;

    private SiteDatabase(SqliteConnection connection, string path) => (_connection, _path) = (connection, path);

    /// <summary>Opens it, makes it if there is none, and checks all of it: it is small, and what is wrong is better known before anything relies on it.</summary>
    /// <exception cref="SiteStartException">The file is not a database, is damaged, or is of a later version.</exception>
    public static SiteDatabase Open(string path)
    {
        SqliteLibrary.Load(preferSystem: true);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            var database = new SiteDatabase(connection, path);
            database.Execute("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;");
            database.Check();
            database.CreateSchema(path);
            return database;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Unusable(path, e.Message, e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public void Dispose() => _connection.Dispose();

    /// <summary>All or nothing; durable when it returns.</summary>
    public void InTransaction(Action work)
    {
        using var transaction = _connection.BeginTransaction();
        work();
        transaction.Commit();
    }

    public void SaveStoreFile(ImageId image, StoreFile? file)
    {
        switch (file)
        {
            case StoreFile.Present present:
                SaveReceipt(StorePlace, image, present.Receipt, null, null, null);
                DeleteReceipt(RetiredPlace, image);
                break;
            case StoreFile.Doubted doubted:
                SaveReceipt(StorePlace, image, doubted.Receipt, "doubted", doubted.Reason, doubted.Since);
                break;
            case StoreFile.Lost lost:
                SaveReceipt(StorePlace, image, default, lost.Code, lost.Reason, lost.Since);
                break;
            case StoreFile.Retired retired:
                SaveReceipt(RetiredPlace, image, retired.Receipt, null, null, retired.Since);
                DeleteReceipt(StorePlace, image);
                break;
            default:
                DeleteReceipt(StorePlace, image);
                DeleteReceipt(RetiredPlace, image);
                break;
        }
    }

    public Dictionary<ImageId, StoreFile> LoadStore()
    {
        var store = new Dictionary<ImageId, StoreFile>();
        Read(
            "SELECT image, place, device, inode, size, modified, changed, root, code, reason, since FROM receipt ORDER BY place",
            row =>
            {
                var receipt = ReceiptAt(row, 2);
                var since = row.IsDBNull(10) ? default : Time(row.GetInt64(10));
                store[Image(row, 0)] = (row.GetString(1), row.IsDBNull(8) ? null : row.GetString(8)) switch
                {
                    (RetiredPlace, _) => new StoreFile.Retired(receipt, since),
                    (_, null) => new StoreFile.Present(receipt),
                    (_, "doubted") => new StoreFile.Doubted(receipt, row.GetString(9), since),
                    (_, { } code) => new StoreFile.Lost(code, row.GetString(9), since),
                };
            });
        return store;
    }

    public void SaveCell(CellKey key, Cell? cell)
    {
        if (cell is null)
        {
            Execute("DELETE FROM cell WHERE image = $image AND surface = $surface",
                ("$image", key.Image.ToString()), ("$surface", key.Surface));
            return;
        }

        var receipt = cell.Receipt;
        Execute(
            """
            INSERT OR REPLACE INTO cell (image, surface, state, code, reason, since, device, inode, size, modified, changed, root, name)
            VALUES ($image, $surface, $state, $code, $reason, $since, $device, $inode, $size, $modified, $changed, $root, $name)
            """,
            ("$image", key.Image.ToString()),
            ("$surface", key.Surface),
            ("$state", cell.State.ToString()),
            ("$code", cell.Code),
            ("$reason", cell.Reason),
            ("$since", Ms(cell.Since)),
            ("$device", (long?)receipt?.Device),
            ("$inode", (long?)receipt?.Inode),
            ("$size", receipt?.Size),
            ("$modified", receipt?.ModifiedNs),
            ("$changed", receipt?.ChangedNs),
            ("$root", receipt?.Root.ToString()),
            ("$name", cell.FileName));
    }

    public Dictionary<CellKey, Cell> LoadCells()
    {
        var cells = new Dictionary<CellKey, Cell>();
        Read(
            "SELECT image, surface, state, code, reason, since, device, inode, size, modified, changed, root, name FROM cell",
            row => cells[new CellKey(Image(row, 0), row.GetString(1))] = new Cell(
                Enum.Parse<CellState>(row.GetString(2)),
                Time(row.GetInt64(5)),
                row.IsDBNull(3) ? null : row.GetString(3),
                row.IsDBNull(4) ? null : row.GetString(4),
                row.IsDBNull(6) ? null : ReceiptAt(row, 6),
                FileName: row.IsDBNull(12) ? null : row.GetString(12)));
        return cells;
    }

    public void SaveOffered(ImageId image, bool offered)
    {
        Execute(
            offered ? "INSERT OR IGNORE INTO offered (image) VALUES ($image)" : "DELETE FROM offered WHERE image = $image",
            ("$image", image.ToString()));
    }

    public List<ImageId> LoadOffered()
    {
        var offered = new List<ImageId>();
        Read("SELECT image FROM offered", row => offered.Add(Image(row, 0)));
        return offered;
    }

    public void SaveComputed(ComputedPair pair) => Execute(
        "INSERT OR IGNORE INTO computed (root, image, size, at) VALUES ($root, $image, $size, $at)",
        ("$root", pair.Root.ToString()),
        ("$image", pair.Image.ToString()),
        ("$size", pair.Size),
        ("$at", Ms(pair.At)));

    public List<ComputedPair> LoadComputed()
    {
        var computed = new List<ComputedPair>();
        Read(
            "SELECT image, root, size, at FROM computed",
            row => computed.Add(new ComputedPair(Image(row, 0), Sha256Digest.TryParse(row.GetString(1), out var root) ? root : default, row.GetInt64(2), Time(row.GetInt64(3)))));
        return computed;
    }

    public void SaveLease(Lease lease) => Execute(
        """
        INSERT OR REPLACE INTO lease (id, image, surface, client, token, created, expires)
        VALUES ($id, $image, $surface, $client, $token, $created, $expires)
        """,
        ("$id", lease.Id),
        ("$image", lease.Image.ToString()),
        ("$surface", lease.Surface),
        ("$client", lease.Client),
        ("$token", lease.Token),
        ("$created", Ms(lease.Created)),
        ("$expires", Ms(lease.Expires)));

    public void DeleteLease(string id) => Execute("DELETE FROM lease WHERE id = $id", ("$id", id));

    public List<Lease> LoadLeases()
    {
        var leases = new List<Lease>();
        Read(
            "SELECT id, image, surface, client, token, created, expires FROM lease",
            row => leases.Add(new Lease(
                row.GetString(0), Image(row, 1), row.GetString(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4),
                Time(row.GetInt64(5)), Time(row.GetInt64(6)))));
        return leases;
    }

    public void SaveAliasMove(AliasMove move) => Execute(
        """
        INSERT OR REPLACE INTO alias_move (alias, job, image, keep, asker, since, asked)
        VALUES ($alias, $job, $image, $keep, $asker, $since, $asked)
        """,
        ("$alias", move.Alias),
        ("$job", move.Job),
        ("$image", move.Image.ToString()),
        ("$keep", move.KeepVersions),
        ("$asker", move.By),
        ("$since", Ms(move.Since)),
        ("$asked", move.Asked));

    public void DeleteAliasMove(string alias) => Execute("DELETE FROM alias_move WHERE alias = $alias", ("$alias", alias));

    public List<AliasMove> LoadAliasMoves()
    {
        var moves = new List<AliasMove>();
        Read(
            "SELECT job, alias, image, keep, asker, since, asked FROM alias_move",
            row => moves.Add(new AliasMove(
                row.GetString(0), row.GetString(1), Image(row, 2), row.IsDBNull(3) ? null : row.GetInt32(3), row.GetString(4), Time(row.GetInt64(5)), row.GetInt64(6))));
        return moves;
    }

    /// <summary>Small facts that must survive: when a surface's answer last changed, the marker of a volume.</summary>
    public void SaveFact(string name, string value) =>
        Execute("INSERT OR REPLACE INTO fact (name, value) VALUES ($name, $value)", ("$name", name), ("$value", value));

    public Dictionary<string, string> LoadFacts()
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal);
        Read("SELECT name, value FROM fact", row => facts[row.GetString(0)] = row.GetString(1));
        return facts;
    }

    private void Check()
    {
        var found = "";
        Read("PRAGMA quick_check(1)", row => found = row.GetString(0));
        if (found != "ok")
        {
            throw Unusable(_path, found, null);
        }
    }

    private void CreateSchema(string path)
    {
        var version = 0L;
        Read("PRAGMA user_version", row => version = row.GetInt64(0));
        if (version > SchemaVersion)
        {
            throw new SiteStartException(
                "database-newer", $"{path} was written by a later version (schema {version}; this program knows {SchemaVersion}). Install that version.");
        }

        if (version == SchemaVersion)
        {
            return;
        }

        if (version is 1 or 2)
        {
            // Version 1 knew which images were confirmed, but not with which root: that is computed again.
            InTransaction(() => Execute($"{(version == 1 ? "DROP TABLE confirmed; " + ComputedTable : "")} {AliasMoveTable} PRAGMA user_version = {SchemaVersion};"));
            return;
        }

        InTransaction(() => Execute(
            $"""
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
            {ComputedTable}
            CREATE TABLE lease (
                id TEXT NOT NULL PRIMARY KEY, image TEXT NOT NULL, surface TEXT NOT NULL, client TEXT NOT NULL, token TEXT,
                created INTEGER NOT NULL, expires INTEGER NOT NULL);
            {AliasMoveTable}
            CREATE TABLE fact (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
            INSERT INTO fact (name, value) VALUES ('{LeasesForgotten}', '{ForgottenNew}');
            PRAGMA user_version = {SchemaVersion};
            """));
    }

    private void SaveReceipt(string place, ImageId image, Receipt receipt, string? code, string? reason, DateTimeOffset? since) => Execute(
        """
        INSERT OR REPLACE INTO receipt (place, image, device, inode, size, modified, changed, root, code, reason, since)
        VALUES ($place, $image, $device, $inode, $size, $modified, $changed, $root, $code, $reason, $since)
        """,
        ("$place", place),
        ("$image", image.ToString()),
        ("$device", (long)receipt.Device),
        ("$inode", (long)receipt.Inode),
        ("$size", receipt.Size),
        ("$modified", receipt.ModifiedNs),
        ("$changed", receipt.ChangedNs),
        ("$root", receipt.Root.ToString()),
        ("$code", code),
        ("$reason", reason),
        ("$since", since is { } s ? Ms(s) : null));

    private void DeleteReceipt(string place, ImageId image) =>
        Execute("DELETE FROM receipt WHERE place = $place AND image = $image", ("$place", place), ("$image", image.ToString()));

    private void Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(sql);
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        command.ExecuteNonQuery();
    }

    /// <summary>Only at the start: what cannot be read, or is nothing that this program writes, stops it.</summary>
    private void Read(string sql, Action<SqliteDataReader> row)
    {
        try
        {
            using var command = Command(sql);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                row(reader);
            }
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException or InvalidCastException or FormatException or ArgumentException)
        {
            throw Unusable(_path, e.Message, e);
        }
    }

    private static SiteStartException Unusable(string path, string what, Exception? inner) => new(
        "database-unusable",
        $"{path} cannot be used as the site's database: {what.TrimEnd('.')}. Put it back from a backup, or move it away and start again: "
        + "the store is then read and hashed again, leases and times of removal are forgotten, and nothing is retired until you confirm that.",
        inner);

    private SqliteCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
#pragma warning disable CA2100 // Every statement is a literal of this file; values are always parameters.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }

    private static ImageId Image(SqliteDataReader row, int column) =>
        ImageId.TryParse(row.GetString(column), out var id)
            ? id
            : throw new FormatException($"it names an image '{row.GetString(column)}', which is no image id");

    private static Receipt ReceiptAt(SqliteDataReader row, int first) => new(
        (ulong)row.GetInt64(first),
        (ulong)row.GetInt64(first + 1),
        row.GetInt64(first + 2),
        row.GetInt64(first + 3),
        row.GetInt64(first + 4),
        Sha256Digest.TryParse(row.GetString(first + 5), out var root) ? root : default);

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
