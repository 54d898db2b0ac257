using Microsoft.Data.Sqlite;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>The database could not be written.</summary>
internal sealed class DatabaseException : IOException
{
    private const int NoSpace = 28;
    private const int InputOutput = 5;

    public DatabaseException(string path, Exception cause)
        : base($"{path}: {cause.Message.TrimEnd('.')}.", cause) => HResult = cause switch
        {
            SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_FULL } => NoSpace,
            SqliteException => InputOutput,
            _ => cause.HResult,
        };
}
