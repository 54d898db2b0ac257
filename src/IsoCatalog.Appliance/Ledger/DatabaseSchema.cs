namespace IsoCatalog.Appliance.Ledger;

/// <summary>The tables of the database, and how those of earlier versions become them. What a version adds stays; nothing is taken away that an earlier one reads.</summary>
internal static class DatabaseSchema
{
    public const int Version = 6;

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

    /// <summary>What makes a database of an earlier version, 0 for an empty one, one of this version.</summary>
    public static string From(long version) =>
        (version switch
        {
            0 => New,

            // Version 1 knew which images were confirmed, but not with which root: that is computed again.
            1 => "DROP TABLE confirmed; " + ComputedTable + AliasMoveTable + FileTable + FilesFromReceipts + OwnEvidence + FileReadTable + ChangeTable,
            2 => AliasMoveTable + FileTable + FilesFromReceipts + OwnEvidence + FileReadTable + ChangeTable,
            3 => FileTable + FilesFromReceipts + OwnEvidence + FileReadTable + ChangeTable,
            4 => FileReadTable + ChangeTable,
            _ => ChangeTable,
        })
        + $" PRAGMA user_version = {Version};";
}
