using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Surfaces.Files;
using Microsoft.Data.Sqlite;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// What cannot be read off the signed documents: receipts, cells, leases, what is retired. One process opens it, and the callers take turns
/// (<see cref="SiteLedger"/> holds its lock around every call). Why a rollback journal, and why EXTRA: docs/decisions/0003-sqlite.md.
/// </summary>
/// <remarks>
/// What it says is in memory too. After an error that leaves it open what is on the disk (a sync that failed, pages that cannot be written or read), the file is not
/// trusted any more, and nothing goes on but <see cref="WriteAnew"/>: docs/decisions/0017-database-anew.md.
/// </remarks>
internal sealed class SiteDatabase : IDisposable
{
    /// <summary>A fact: since when nobody knows the leases that there were (Unix milliseconds), or one of the two words below.</summary>
    public const string LeasesForgotten = "leases-forgotten";

    /// <summary>The database was made just now. Whether there was anything to forget, only the signed document can tell.</summary>
    public const string ForgottenNew = "new";

    public const string ForgottenNothing = "nothing";

    /// <summary>A fact: this site has signed a catalog, so its document must be there.</summary>
    public const string CatalogSigned = "catalog-signed";

    /// <summary>It has the tokens of leases in it.</summary>
    internal const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _path;
    private readonly FolderLock? _owned;
    private readonly DatabaseSchema _schema;
    private readonly Dictionary<object, Row> _rows = [];
    private SqliteConnection _connection;
    private DatabaseTables _tables;
    private DatabaseException? _failure;

    private SiteDatabase(SqliteConnection connection, string path, FolderLock? owned, DatabaseSchema schema)
    {
        (_connection, _path, _owned, _schema) = (connection, path, owned, schema);
        _tables = new DatabaseTables(connection, path);
    }

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
    /// <param name="owned">What says that the data folder is this process's own; null: it is, whatever happens to it.</param>
    /// <param name="schema">What it is to be; null: what this program makes of it.</param>
    /// <param name="time">Says when the copy was made, where there is to be one; null: the machine's clock.</param>
    /// <exception cref="SiteStartException">The file is not a database, is damaged, may not be read by this version, or cannot be copied before it is changed.</exception>
    public static SiteDatabase Open(string path, FolderLock? owned = null, DatabaseSchema? schema = null, TimeProvider? time = null)
    {
        SiteDatabase? database = null;
        try
        {
            TakePlace(path);
            var isNew = !File.Exists(path);
            database = new SiteDatabase(Connect(path), path, owned, schema ?? DatabaseSchema.Current);
            database.Check();
            database.CreateSchema((time ?? TimeProvider.System).GetUtcNow());
            if (isNew)
            {
                File.SetUnixFileMode(path, Mode);
            }

            database.Remember(database.Tables.LoadAll());
            return database;
        }
        catch (SqliteException e)
        {
            database?.Dispose();
            throw DatabaseTables.Unusable(path, e.Message, e);
        }
        catch
        {
            database?.Dispose();
            throw;
        }
    }

    public string Path => _path;

    /// <summary>What it says.</summary>
    public DatabaseTables Tables => _tables;

    /// <summary>False after an error that leaves it open what the file says.</summary>
    public bool IsTrusted => _failure is null;

    public void Dispose() => _connection.Dispose();

    /// <summary>All or nothing; durable when it returns.</summary>
    /// <exception cref="DatabaseException">Nothing was written, or the file is not trusted any more; the first error is the one that is told.</exception>
    public void Write(IReadOnlyCollection<Row> rows)
    {
        if (_failure is not null)
        {
            throw _failure;
        }

        try
        {
            InTransaction(rows);
        }
        catch (SqliteException e)
        {
            var failure = new DatabaseException(_path, e);
            if (_connection.Handle is not { } handle || !IsIntact(handle, e))
            {
                _failure = failure;
                _connection.Dispose();
            }

            throw failure;
        }

        Remember(rows);
    }

    /// <summary>
    /// Puts a new file, in a new inode, in the place of one that is not trusted: with all that it said, and with <paramref name="more"/>, which is in force already.
    /// From the moment that the new file has its first name it is the database, whatever happens to the process.
    /// </summary>
    /// <exception cref="DatabaseException">It could not be written. The old one is still not trusted.</exception>
    public void WriteAnew(IReadOnlyCollection<Row> more)
    {
        try
        {
            if (_owned is { IsInPlace: false })
            {
                throw new IOException("its folder is not the one that this site was started on: is its file system mounted?");
            }

            _connection.Dispose();
            Remember(more);

            // What a new file says of itself: this one was not lost.
            var settled = new Row.Fact(LeasesForgotten, ForgottenNothing);
            _rows.TryAdd(settled.Key, settled);
            Replace(_path, connection =>
            {
                using var anew = new SiteDatabase(connection, WritingOf(_path), null, _schema);
                anew.InTransaction(() => anew._tables.Execute(_schema.From(0, _schema.ReadableFrom(0))));
                anew.InTransaction([.. _rows.Values]);
            });
            _connection = Connect(_path);
            _tables = new DatabaseTables(_connection, _path);
            _failure = null;
        }
        catch (Exception e) when (e is SqliteException or IOException or SiteStartException)
        {
            _failure = new DatabaseException(_path, e.InnerException ?? e);
            throw _failure;
        }
    }

    private void Remember(IEnumerable<Row> rows)
    {
        foreach (var row in rows)
        {
            if (row.IsNothing)
            {
                _rows.Remove(row.Key);
                _rows.Remove(Row.ReadOf(row.Key));
            }
            else if (row is not Row.Computed || !_rows.ContainsKey(row.Key))
            {
                _rows[row.Key] = row;
            }
        }
    }

    /// <summary>Makes a whole database, which has the name that <see cref="WriteAnew"/> gives a new one, the site's: whatever happens to the process, it is the old one or this one.</summary>
    internal static void Replace(string path, Action<SqliteConnection> write)
    {
        DeleteWith(WritingOf(path));
        using (var anew = Connect(WritingOf(path)))
        {
            File.SetUnixFileMode(WritingOf(path), Mode);
            write(anew);
        }

        DurableFile.Rename(WritingOf(path), AnewOf(path));
        TakePlace(path);
    }

    private static string WritingOf(string path) => path + ".writing";

    /// <summary>A whole database that is to take the place of the other one.</summary>
    private static string AnewOf(string path) => path + ".new";

    private static void DeleteWith(string path)
    {
        DurableFile.Delete(path);
        DurableFile.Delete(path + "-journal");
    }

    /// <summary>Goes on where <see cref="WriteAnew"/> was cut off. The journal goes first: it is the old file's, and would be played back into the new one.</summary>
    private static void TakePlace(string path)
    {
        if (File.Exists(AnewOf(path)))
        {
            DurableFile.Delete(path + "-journal");
            DurableFile.Rename(AnewOf(path), path);
        }
        else if (File.Exists(WritingOf(path)))
        {
            DeleteWith(WritingOf(path));
        }
    }

    internal static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;";
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Check()
    {
        var found = "";
        _tables.Read("PRAGMA quick_check(1)", row => found = row.GetString(0));
        if (found != "ok")
        {
            throw DatabaseTables.Unusable(_path, found, null);
        }
    }

    /// <summary>A file that the version which wrote it cannot read afterwards is copied first, so that there is a way back.</summary>
    private void CreateSchema(DateTimeOffset now)
    {
        var readableFrom = 0L;
        _tables.Read("PRAGMA user_version", row => readableFrom = row.GetInt64(0));
        if (readableFrom > _schema.Version)
        {
            throw new SiteStartException(
                "database-newer",
                $"{_path} was written by a later version (it may be read from version {readableFrom} on; this program has version {_schema.Version}). Install that version"
                + (DatabaseCopy.Of(_path).Any(c => c.Version <= _schema.Version)
                    ? ", or go back to the copy that was made before: stop the site, and run 'isocatalog database return', which says what is forgotten."
                    : "."));
        }

        if (DatabaseSchema.BuiltIn(_tables, readableFrom) is var built && built >= _schema.Version)
        {
            return;
        }

        var readableAfter = Math.Max(readableFrom, _schema.ReadableFrom(built));
        if (built is > 0 && built < readableAfter)
        {
            DatabaseCopy.Make(_connection, _path, built, now);
        }

        InTransaction(() => _tables.Execute(_schema.From(built, readableAfter)));
    }

    private void InTransaction(IReadOnlyCollection<Row> rows) => InTransaction(() =>
    {
        foreach (var row in rows)
        {
            _tables.Write(row);
        }
    });

    /// <summary>What fails leaves no transaction behind where that is possible, and the first error is the one that is told.</summary>
    private void InTransaction(Action work)
    {
        _tables.Execute("BEGIN IMMEDIATE");
        try
        {
            work();
            _tables.Execute("COMMIT");
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

    /// <summary>
    /// The file says what it said before: there was no room, somebody else had it, nothing could be begun, or what was to be said is not allowed; and no transaction is left. Everything else, a sync that
    /// failed above all, leaves it open what is on the disk (SQLite, "Result and Error Codes").
    /// </summary>
    private static bool IsIntact(SQLitePCL.sqlite3 handle, SqliteException e) =>
        e.SqliteErrorCode is SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED or SQLitePCL.raw.SQLITE_CANTOPEN
            or SQLitePCL.raw.SQLITE_READONLY or SQLitePCL.raw.SQLITE_CONSTRAINT
        && e.SqliteExtendedErrorCode != SQLitePCL.raw.SQLITE_READONLY_DBMOVED
        && SQLitePCL.raw.sqlite3_get_autocommit(handle) != 0;
}
