using System.Globalization;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Surfaces.Files;
using Microsoft.Data.Sqlite;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// The database as it was before a later version changed it so that the earlier one cannot read it any more: <c>isocatalog.db.6</c>. It says itself that leases were forgotten since it was made, so that
/// whoever puts it back, by hand too, retires nothing that somebody holds.
/// </summary>
/// <param name="Version">Whoever knows this version can read it.</param>
internal sealed record DatabaseCopy(string Path, long Version)
{
    /// <summary>Those beside the database, the latest version first.</summary>
    public static IReadOnlyList<DatabaseCopy> Of(string database)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(database)!)
                    .Where(f => f.StartsWith(database + ".", StringComparison.Ordinal))
                    .Select(f => (Path: f, IsCopy: long.TryParse(f.AsSpan(database.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version), Version: version))
                    .Where(f => f.IsCopy)
                    .Select(f => new DatabaseCopy(f.Path, f.Version))
                    .OrderByDescending(c => c.Version),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Copies an open database, durably; an earlier copy of the same version is replaced.</summary>
    /// <exception cref="SiteStartException">There is no room, or the disk fails. The database is as it was.</exception>
    public static void Make(SqliteConnection database, string path, long version, DateTimeOffset now)
    {
        var (copying, copy) = (path + ".copying", $"{path}.{version.ToString(CultureInfo.InvariantCulture)}");
        try
        {
            DurableFile.Delete(copying);
            DurableFile.Delete(copying + "-journal");
            using (var target = SiteDatabase.Connect(copying))
            {
                File.SetUnixFileMode(copying, SiteDatabase.Mode);
                database.BackupDatabase(target);
                Forget(new DatabaseTables(target, copying), now);
            }

            DurableFile.Rename(copying, copy);
        }
        catch (Exception e) when (e is SqliteException or IOException)
        {
            throw new SiteStartException(
                "database-uncopied",
                $"{path} is of version {version}, and cannot be copied to {copy} before it is changed: {e.Message.TrimEnd('.')}. It was not changed. Make room there, or go on with the earlier program.",
                e);
        }
    }

    /// <summary>
    /// Makes the copy the site's database again. Nothing of the site may run. Where every lease that stands is in the copy, nothing has to be asked: the copy then says of forgotten leases what the
    /// database says now.
    /// </summary>
    /// <exception cref="SiteStartException">The copy cannot be read, or nothing can be written. The database is the old one, or the copy.</exception>
    public Forgotten Return(string database, DateTimeOffset now)
    {
        try
        {
            Forgotten forgotten;
            using (var copy = SiteDatabase.Connect(Path))
            {
                forgotten = Forgotten.Between(database, new DatabaseTables(copy, Path), now);
                SiteDatabase.Replace(database, target =>
                {
                    copy.BackupDatabase(target);
                    if (forgotten.Since is { } since)
                    {
                        new DatabaseTables(target, database).Execute("UPDATE fact SET value = $since WHERE name = $name", ("$name", SiteDatabase.LeasesForgotten), ("$since", since));
                    }
                });
            }

            DurableFile.Delete(Path);
            return forgotten;
        }
        catch (Exception e) when (e is SqliteException or IOException)
        {
            throw new SiteStartException("database-unusable", $"{Path} cannot be put in the place of {database}: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>What is known of leases ends now, unless it ended before.</summary>
    private static void Forget(DatabaseTables copy, DateTimeOffset now) => copy.Execute(
        """
        INSERT INTO fact (name, value) VALUES ($name, $now)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value IN ($nothing, $new)
        """,
        ("$name", SiteDatabase.LeasesForgotten),
        ("$now", StoredView.Ms(now)),
        ("$nothing", SiteDatabase.ForgottenNothing),
        ("$new", SiteDatabase.ForgottenNew));
}
