using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using Microsoft.Data.Sqlite;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>The tables of an open database (<see cref="DatabaseSchema"/>), read and written as what they mean. Transactions are the caller's. Not thread-safe.</summary>
/// <param name="path">For whoever has to be told.</param>
internal sealed class DatabaseTables(SqliteConnection connection, string path)
{
    private const string StorePlace = "store";
    private const string RetiredPlace = "retired";

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
            Execute(
                "DELETE FROM cell WHERE image = $image AND surface = $surface; DELETE FROM file_read WHERE image = $image AND surface = $surface",
                ("$image", key.Image.ToString()),
                ("$surface", key.Surface));
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

    private void SaveRead(string root, string image, string surface, DateTimeOffset at) => Execute(
        "INSERT OR REPLACE INTO file_read (root, image, surface, at) VALUES ($root, $image, $surface, $at)",
        ("$root", root),
        ("$image", image),
        ("$surface", surface),
        ("$at", Ms(at)));

    public ReadTimes LoadReadTimes()
    {
        var times = ReadTimes.None;
        Read(
            "SELECT root, image, surface, at FROM file_read",
            row => times = row.GetString(2) is { Length: > 0 } surface
                ? times.With(new CellKey(Image(row, 1), surface), Time(row.GetInt64(3)))
                : times.With(Digest(row, 0), Time(row.GetInt64(3))));
        return times;
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

    private void SaveChange(CatalogChange change) => Execute(
        "INSERT OR REPLACE INTO change (entry, kind, at, now, was) VALUES ($entry, $kind, $at, $now, $was)",
        ("$entry", change.Is.Hash.ToString()),
        ("$kind", change.Kind.ToString()),
        ("$at", Ms(change.At)),
        ("$now", change.Is.Json.ToArray()),
        ("$was", change.Was?.Json.ToArray()));

    private void DeleteChange(CatalogChange change) => Execute("DELETE FROM change WHERE entry = $entry", ("$entry", change.Is.Hash.ToString()));

    /// <summary>A change that this version cannot read is left out: it is a memory, and nothing counts by it.</summary>
    public List<CatalogChange> LoadChanges()
    {
        var changes = new List<CatalogChange>();
        Read(
            "SELECT kind, at, now, was FROM change ORDER BY at",
            row =>
            {
                StatedEntry? was = null;
                if (Enum.TryParse<ChangeKind>(row.GetString(0), out var kind)
                    && StatedEntry.TryRead((byte[])row.GetValue(2), out var now, out _)
                    && (row.IsDBNull(3) || StatedEntry.TryRead((byte[])row.GetValue(3), out was, out _)))
                {
                    changes.Add(new CatalogChange(now, was, kind, Time(row.GetInt64(1))));
                }
            });
        return changes;
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

    /// <summary>All that it says, as rows.</summary>
    public IReadOnlyCollection<Row> LoadAll() =>
    [
        .. LoadFacts().Select(f => new Row.Fact(f.Key, f.Value)),
        .. LoadStore().Select(f => new Row.File(f.Key, f.Value)),
        .. LoadCells().Select(c => new Row.AtSurface(c.Key, c.Value)),
        .. LoadOffered().Select(i => new Row.Offered(i, true)),
        .. LoadComputed().Select(p => new Row.Computed(p)),
        .. LoadLeases().Select(l => new Row.Held(l.Id, l)),
        .. LoadAliasMoves().Select(m => new Row.Waits(m.Alias, m)),
        .. LoadChanges().Select(c => new Row.Changed(c, true)),
        .. LoadReadTimes().Stored.Select(r => new Row.StoredRead(r.Key, r.Value)),
        .. LoadReadTimes().Published.Select(r => new Row.PublishedRead(r.Key, r.Value)),
    ];

    public void Write(Row row)
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
            case Row.StoredRead read:
                SaveRead(read.Root.ToString(), "", "", read.At);
                break;
            case Row.PublishedRead { Place: var place } read:
                SaveRead("", place.Image.ToString(), place.Surface, read.At);
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
            case Row.Changed { IsKept: true } kept:
                SaveChange(kept.Change);
                break;
            case Row.Changed dropped:
                DeleteChange(dropped.Change);
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
                Execute("DELETE FROM file WHERE root = $root; DELETE FROM file_read WHERE root = $root", ("$root", root.ToString()));
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

    public void Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(sql);
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        command.ExecuteNonQuery();
    }

    /// <summary>Only at the start: what cannot be read, or is nothing that this program writes, stops it.</summary>
    public void Read(string sql, Action<SqliteDataReader> row)
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
            throw Unusable(path, e.Message, e);
        }
    }

    public static SiteStartException Unusable(string path, string what, Exception? inner) => new(
        "database-unusable",
        $"{path} cannot be used as the site's database: {what.TrimEnd('.')}. Put it back from a backup, or move it away and start again: "
        + "the store is then read and hashed again, leases and times of removal are forgotten, and nothing is retired until you confirm that.",
        inner);

    private SqliteCommand Command(string sql)
    {
        var command = connection.CreateCommand();
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
