using System.Globalization;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Core.Readiness;
using Microsoft.Data.Sqlite;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>What a return to a copy forgets.</summary>
/// <param name="Copied">When the copy was made; null when it does not say.</param>
/// <param name="Leases">Those that stand in the database that is left, and not in the copy. Null when the database that is left cannot be read.</param>
/// <param name="Moves">Aliases whose move waited; null as above.</param>
/// <param name="Since">What the copy is to say of forgotten leases instead of its own word, when none is forgotten.</param>
internal sealed record Forgotten(DateTimeOffset? Copied, IReadOnlyList<Lease>? Leases, IReadOnlyList<string>? Moves, string? Since)
{
    /// <summary>Removed images count as leased until somebody confirms.</summary>
    public bool MustBeConfirmed => Since is not SiteDatabase.ForgottenNothing;

    /// <summary>Reads what every version from the first on has, and every later one keeps.</summary>
    public static Forgotten Between(string database, DatabaseTables copy, DateTimeOffset now)
    {
        var copied = copy.LoadFacts().TryGetValue(SiteDatabase.LeasesForgotten, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms)
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
            : (DateTimeOffset?)null;
        if (!File.Exists(database))
        {
            return new Forgotten(copied, null, null, null);
        }

        try
        {
            using var connection = SiteDatabase.Connect(database);
            var left = new DatabaseTables(connection, database);
            var kept = copy.LoadLeases().Select(l => l.Id).ToHashSet(StringComparer.Ordinal);
            var leases = left.LoadLeases().Where(l => l.Expires > now && !kept.Contains(l.Id)).ToList();
            var waiting = MovesIn(copy);
            return new Forgotten(
                copied,
                leases,
                [.. MovesIn(left).Except(waiting, StringComparer.Ordinal)],
                leases.Count == 0 ? left.LoadFacts().GetValueOrDefault(SiteDatabase.LeasesForgotten, SiteDatabase.ForgottenNothing) : null);
        }
        catch (Exception e) when (e is SqliteException or SiteStartException)
        {
            return new Forgotten(copied, null, null, null);
        }
    }

    /// <summary>The first version had none.</summary>
    private static List<string> MovesIn(DatabaseTables tables)
    {
        var (moves, isThere) = (new List<string>(), false);
        tables.Read("SELECT 1 FROM sqlite_master WHERE name = 'alias_move'", _ => isThere = true);
        if (isThere)
        {
            tables.Read("SELECT alias FROM alias_move", row => moves.Add(row.GetString(0)));
        }

        return moves;
    }
}
