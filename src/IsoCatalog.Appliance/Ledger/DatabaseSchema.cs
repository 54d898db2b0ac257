namespace IsoCatalog.Appliance.Ledger;

/// <summary>What one version of the database has more than the one before.</summary>
/// <param name="Adds">Statements that only add: tables, columns, rows. Whoever reads or writes what was there before may go on doing so.</param>
/// <param name="ReadableFrom">
/// The earliest version whose program may work on the file afterwards. That program does not heed what is added; a row that it writes anew, and a file that it writes anew after an error of the disk
/// (docs/decisions/0017-database-anew.md), has it no more. Where that matters this is the version of the step itself.
/// </param>
internal sealed record SchemaStep(string Adds, long ReadableFrom);

/// <summary>
/// The tables of the database, and how those of earlier versions become them. From version 7 on each version is a step that only adds. <c>PRAGMA user_version</c> is the earliest version that may read
/// the file (until version 6: the file's own), the table <c>built</c> says which version it is: docs/decisions/0020-database-versions.md.
/// </summary>
/// <param name="steps">From <see cref="Base"/> on, one for each version.</param>
internal sealed class DatabaseSchema(IReadOnlyList<SchemaStep> steps)
{
    /// <summary>The last version whose number alone said who may read the file.</summary>
    private const long Base = 6;

    public static DatabaseSchema Current { get; } = new(
    [
        new SchemaStep("CREATE TABLE built (version INTEGER NOT NULL); INSERT INTO built (version) VALUES (7);", ReadableFrom: 7),
    ]);

    public IReadOnlyList<SchemaStep> Steps => steps;

    public long Version => Base + steps.Count;

    /// <summary>The site's own files by their root. Before version 4 they stood in <c>receipt</c>, by the image; that table is left as it was.</summary>
    private const string FileTable =
        """
        CREATE TABLE file (
            root TEXT NOT NULL PRIMARY KEY, place TEXT NOT NULL,
            device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL, changed INTEGER NOT NULL,
            code TEXT, reason TEXT, since INTEGER);
        """;

    /// <summary>When a file was last read and was right: one of the site's own by its root alone, a published one by its image and surface.</summary>
    private const string FileReadTable =
        """
        CREATE TABLE file_read (root TEXT NOT NULL, image TEXT NOT NULL, surface TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (root, image, surface));
        """;

    private const string ComputedTable =
        "CREATE TABLE computed (root TEXT NOT NULL PRIMARY KEY, image TEXT NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL);";

    private const string AliasMoveTable =
        """
        CREATE TABLE alias_move (
            alias TEXT NOT NULL PRIMARY KEY, job TEXT NOT NULL, image TEXT NOT NULL, keep INTEGER, asker TEXT NOT NULL, since INTEGER NOT NULL, asked INTEGER NOT NULL);
        """;

    /// <summary>Changes of the catalog with what was said before, by the SHA-256 of the word that is in force since.</summary>
    private const string ChangeTable =
        "CREATE TABLE change (entry TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL, now BLOB NOT NULL, was BLOB);";

    private const string New =
        $"""
        {FileTable}
        {FileReadTable}
        {ChangeTable}
        CREATE TABLE cell (
            image TEXT NOT NULL, surface TEXT NOT NULL, state TEXT NOT NULL, code TEXT, reason TEXT, since INTEGER NOT NULL,
            device INTEGER, inode INTEGER, size INTEGER, modified INTEGER, changed INTEGER, root TEXT, name TEXT, evidence TEXT,
            PRIMARY KEY (image, surface));
        CREATE TABLE offered (image TEXT NOT NULL PRIMARY KEY);
        {ComputedTable}
        CREATE TABLE lease (
            id TEXT NOT NULL PRIMARY KEY, image TEXT NOT NULL, surface TEXT NOT NULL, client TEXT NOT NULL, token TEXT,
            created INTEGER NOT NULL, expires INTEGER NOT NULL);
        {AliasMoveTable}
        CREATE TABLE fact (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
        INSERT INTO fact (name, value) VALUES ('{SiteDatabase.LeasesForgotten}', '{SiteDatabase.ForgottenNew}');
        """;

    /// <summary>A file of which only its loss was known is looked for anew.</summary>
    private const string FilesFromReceipts =
        """
        INSERT OR REPLACE INTO file (root, place, device, inode, size, modified, changed, code, reason, since)
            SELECT root, place, device, inode, size, modified, changed, code, reason, since FROM receipt WHERE inode <> 0 ORDER BY place;
        """;

    /// <summary>Evidence that is no file's: before version 4 there was none.</summary>
    private const string OwnEvidence = "ALTER TABLE cell ADD COLUMN evidence TEXT;";

    /// <summary>Which version a file is of.</summary>
    /// <param name="readableFrom">Its <c>user_version</c>; 0 for an empty file.</param>
    public static long BuiltIn(DatabaseTables tables, long readableFrom)
    {
        var built = readableFrom;
        if (readableFrom > Base)
        {
            tables.Read("SELECT version FROM built", row => built = row.GetInt64(0));
        }

        return built;
    }

    /// <summary>The earliest version that may read a file that <see cref="From"/> has brought to this version.</summary>
    public long ReadableFrom(long built) => StepsAfter(built).Max(s => s.ReadableFrom);

    /// <summary>What makes a database of an earlier version, 0 for an empty one, one of this version.</summary>
    /// <param name="readableFrom">The earliest version that may read the outcome.</param>
    public string From(long built, long readableFrom) =>
        built switch
        {
            0 => New,

            // Version 1 knew which images were confirmed, but not with which root: that is computed again.
            1 => "DROP TABLE confirmed; " + ComputedTable + AliasMoveTable + FileTable + FilesFromReceipts + OwnEvidence + FileReadTable + ChangeTable,
            2 => AliasMoveTable + FileTable + FilesFromReceipts + OwnEvidence + FileReadTable + ChangeTable,
            3 => FileTable + FilesFromReceipts + OwnEvidence + FileReadTable + ChangeTable,
            4 => FileReadTable + ChangeTable,
            5 => ChangeTable,
            _ => "",
        }
        + string.Concat(StepsAfter(built).Select(s => s.Adds + " "))
        + $"UPDATE built SET version = {Version}; PRAGMA user_version = {readableFrom};";

    private IEnumerable<SchemaStep> StepsAfter(long built) => steps.Skip((int)Math.Max(0, built - Base));
}
