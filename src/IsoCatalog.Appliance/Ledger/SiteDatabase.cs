using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using Microsoft.Data.Sqlite;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// What cannot be read off the signed documents: receipts, cells, leases, what is retired. One process opens it, and the callers take turns
/// (<see cref="SiteLedger"/> holds its lock around every call). Why a rollback journal, and why EXTRA: docs/decisions/0003-sqlite.md.
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

    /// <summary>SQLITE_FULL: no room on the disk (SQLite, "Result and Error Codes").</summary>
    public const int Full = 13;

    private const string StorePlace = "store";
    private const string RetiredPlace = "retired";

    private readonly SqliteConnection _connection;
    private readonly string _path;

    private SiteDatabase(SqliteConnection connection, string path) => (_connection, _path) = (connection, path);

    /// <summary>The version of the SQLite that comes with this program; the system's is not looked for.</summary>
    public static string LibraryVersion
    {
        get
        {
            using var connection = new SqliteConnection();
            return connection.ServerVersion;
        }
    }

    /// <summary>Opens it, makes it if there is none, and checks all of it: it is small, and what is wrong is better known before anything relies on it.</summary>
    /// <exception cref="SiteStartException">The file is not a database, is damaged, or is of a later version.</exception>
    public static SiteDatabase Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            var database = new SiteDatabase(connection, path);
            database.Execute("PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;");
            database.Check();
            database.CreateSchema();
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

    public string Path => _path;

    public void Dispose() => _connection.Dispose();

    /// <summary>All or nothing; durable when it returns.</summary>
    /// <exception cref="SqliteException">Nothing was written.</exception>
    public void Write(IReadOnlyCollection<Row> rows) => InTransaction(() =>
    {
        foreach (var row in rows)
        {
            Write(row);
        }
    });

    public Dictionary<Sha256Digest, StoreFile> LoadStore()
    {
        var store = new Dictionary<Sha256Digest, StoreFile>();
        Read(
            "SELECT place, device, inode, size, modified, changed, root, code, reason, since FROM file",
            row =>
            {
                var receipt = ReceiptAt(row, 1);
                var since = row.IsDBNull(9) ? default : Time(row.GetInt64(9));
                store[receipt.Root] = (row.GetString(0), row.IsDBNull(7) ? null : row.GetString(7)) switch
                {
                    (RetiredPlace, _) => new StoreFile.Retired(receipt, since),
                    (_, null) => new StoreFile.Present(receipt),
                    (_, "doubted") => new StoreFile.Doubted(receipt, row.GetString(8), since),
                    (_, { } code) => new StoreFile.Lost(code, row.GetString(8), since),
                };
            });
        return store;
    }

    private void SaveCell(CellKey key, Cell? cell)
    {
        if (cell is null)
        {
            Execute("DELETE FROM cell WHERE image = $image AND surface = $surface",
                ("$image", key.Image.ToString()), ("$surface", key.Surface));
            return;
        }

        var receipt = cell.Evidence?.FileReceipt;
        Execute(
            """
            INSERT OR REPLACE INTO cell (image, surface, state, code, reason, since, device, inode, size, modified, changed, root, name, evidence)
            VALUES ($image, $surface, $state, $code, $reason, $since, $device, $inode, $size, $modified, $changed, $root, $name, $evidence)
            """,
            ("$image", key.Image.ToString()),
            ("$surface", key.Surface),
            ("$state", cell.State.ToString()),
            ("$code", cell.Code),
            ("$reason", cell.Reason),
            ("$since", Ms(cell.Since)),
            ("$device", (long?)receipt?.Device),
            ("$inode", (long?)receipt?.Inode),
            ("$size", cell.Evidence?.Size),
            ("$modified", receipt?.ModifiedNs),
            ("$changed", receipt?.ChangedNs),
            ("$root", cell.Evidence?.Root.ToString()),
            ("$name", cell.FileName),
            ("$evidence", (cell.Evidence as Evidence.Own)?.Text));
    }

    public Dictionary<CellKey, Cell> LoadCells()
    {
        var cells = new Dictionary<CellKey, Cell>();
        Read(
            "SELECT image, surface, state, code, reason, since, device, inode, size, modified, changed, root, name, evidence FROM cell",
            row => cells[new CellKey(Image(row, 0), row.GetString(1))] = new Cell(
                Enum.Parse<CellState>(row.GetString(2)),
                Time(row.GetInt64(5)),
                row.IsDBNull(3) ? null : row.GetString(3),
                row.IsDBNull(4) ? null : row.GetString(4),
                EvidenceAt(row, 6),
                FileName: row.IsDBNull(12) ? null : row.GetString(12)));
        return cells;
    }

    private void SaveOffered(ImageId image, bool offered)
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

    private void SaveComputed(ComputedPair pair) => Execute(
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
            row => computed.Add(new ComputedPair(Image(row, 0), Digest(row, 1), row.GetInt64(2), Time(row.GetInt64(3)))));
        return computed;
    }

    private void SaveLease(Lease lease) => Execute(
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

    private void DeleteLease(string id) => Execute("DELETE FROM lease WHERE id = $id", ("$id", id));

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

    private void SaveAliasMove(AliasMove move) => Execute(
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

    private void DeleteAliasMove(string alias) => Execute("DELETE FROM alias_move WHERE alias = $alias", ("$alias", alias));

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
    private void SaveFact(string name, string value) =>
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

    private void CreateSchema()
    {
        var version = 0L;
        Read("PRAGMA user_version", row => version = row.GetInt64(0));
        if (version > DatabaseSchema.Version)
        {
            throw new SiteStartException(
                "database-newer", $"{_path} was written by a later version (schema {version}; this program knows {DatabaseSchema.Version}). Install that version.");
        }

        if (version < DatabaseSchema.Version)
        {
            InTransaction(() => Execute(DatabaseSchema.From(version)));
        }
    }

    private void Write(Row row)
    {
        switch (row)
        {
            case Row.Fact fact:
                SaveFact(fact.Name, fact.Value);
                break;
            case Row.File { Root: var root, Is: var file }:
                SaveFile(root, file);
                break;
            case Row.AtSurface cell:
                SaveCell(cell.Place, cell.Is);
                break;
            case Row.Offered offered:
                SaveOffered(offered.Image, offered.Is);
                break;
            case Row.Computed computed:
                SaveComputed(computed.Pair);
                break;
            case Row.Held { Is: { } lease }:
                SaveLease(lease);
                break;
            case Row.Held ended:
                DeleteLease(ended.Id);
                break;
            case Row.Waits { Is: { } move }:
                SaveAliasMove(move);
                break;
            case Row.Waits done:
                DeleteAliasMove(done.Alias);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void SaveFile(Sha256Digest root, StoreFile? file)
    {
        switch (file)
        {
            case StoreFile.Present present:
                SaveReceipt(StorePlace, root, present.Receipt, null, null, null);
                break;
            case StoreFile.Doubted doubted:
                SaveReceipt(StorePlace, root, doubted.Receipt, "doubted", doubted.Reason, doubted.Since);
                break;
            case StoreFile.Lost lost:
                SaveReceipt(StorePlace, root, default, lost.Code, lost.Reason, lost.Since);
                break;
            case StoreFile.Retired retired:
                SaveReceipt(RetiredPlace, root, retired.Receipt, null, null, retired.Since);
                break;
            default:
                Execute("DELETE FROM file WHERE root = $root", ("$root", root.ToString()));
                break;
        }
    }

    private void SaveReceipt(string place, Sha256Digest root, Receipt receipt, string? code, string? reason, DateTimeOffset? since) => Execute(
        """
        INSERT OR REPLACE INTO file (root, place, device, inode, size, modified, changed, code, reason, since)
        VALUES ($root, $place, $device, $inode, $size, $modified, $changed, $code, $reason, $since)
        """,
        ("$root", root.ToString()),
        ("$place", place),
        ("$device", (long)receipt.Device),
        ("$inode", (long)receipt.Inode),
        ("$size", receipt.Size),
        ("$modified", receipt.ModifiedNs),
        ("$changed", receipt.ChangedNs),
        ("$code", code),
        ("$reason", reason),
        ("$since", since is { } s ? Ms(s) : null));

    /// <summary>What fails leaves no transaction behind, and the first error is the one that is told.</summary>
    private void InTransaction(Action work)
    {
        Execute("BEGIN IMMEDIATE");
        try
        {
            work();
            Execute("COMMIT");
        }
        catch
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle!) == 0)
            {
                _ = SQLitePCL.raw.sqlite3_exec(_connection.Handle!, "ROLLBACK");
            }

            throw;
        }
    }

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
#pragma warning disable CA2100 // Every statement is a literal of this file or of DatabaseSchema; values are always parameters.
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
        Digest(row, first + 5));

    /// <summary>The surface's own words, or else a file's receipt, or nothing.</summary>
    private static Evidence? EvidenceAt(SqliteDataReader row, int first) =>
        !row.IsDBNull(13) ? new Evidence.Own(Digest(row, first + 5), row.GetInt64(first + 2), row.GetString(13))
        : row.IsDBNull(first) ? null
        : ReceiptAt(row, first);

    private static Sha256Digest Digest(SqliteDataReader row, int column) =>
        Sha256Digest.TryParse(row.GetString(column), out var digest)
            ? digest
            : throw new FormatException($"it names a root '{row.GetString(column)}', which is none");

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
