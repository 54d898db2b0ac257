using System.Runtime.InteropServices;
using SQLitePCL;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>Which SQLite is used: the system's, which the distribution patches, or else the one in the package.</summary>
internal static class SqliteLibrary
{
    private static readonly Lock Gate = new();
    private static bool _loaded;

    /// <summary>Must be called before the first connection. Only the first call decides.</summary>
    public static void Load(bool preferSystem)
    {
        lock (Gate)
        {
            if (_loaded)
            {
                return;
            }

            NativeLibrary.SetDllImportResolver(
                typeof(SQLite3Provider_e_sqlite3).Assembly,
                (name, _, _) => preferSystem && name == "e_sqlite3" && NativeLibrary.TryLoad("libsqlite3.so.0", out var handle) ? handle : 0);
            raw.SetProvider(new SQLite3Provider_e_sqlite3());
            _loaded = true;
        }
    }

    public static string Version => raw.sqlite3_libversion().utf8_to_string();
}
