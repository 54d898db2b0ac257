using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Readiness;
using Microsoft.Data.Sqlite;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// Writes the rows of changes. Rows that only follow from what is in force already may be late: as long as the database cannot be written they are kept, which is an
/// alarm, and written with the next change or when it is tried again. Called under the ledger's lock.
/// </summary>
/// <param name="again">Takes the lock and calls <see cref="CatchUp"/>.</param>
internal sealed class LateRows(SiteDatabase database, SiteAlarms alarms, TimeProvider time, ILogger log, Action again) : IDisposable
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly Dictionary<object, Row> _late = [];
    private TimeSpan _pause = Shortest;
    private ITimer? _timer;

    /// <summary>Rows that something is about to rely on, and with them what is late: all of it, or nothing.</summary>
    /// <exception cref="SqliteException">Nothing was written.</exception>
    public void WriteFirst(IReadOnlyList<Row> rows)
    {
        if (rows.Count > 0)
        {
            var keys = rows.Select(r => r.Key).ToHashSet();
            database.Write([.. _late.Where(l => !keys.Contains(l.Key)).Select(l => l.Value), .. rows]);
            Done();
        }
    }

    public void Write(IEnumerable<Row> rows)
    {
        foreach (var row in rows)
        {
            _late[row.Key] = row;
        }

        CatchUp();
    }

    public void CatchUp()
    {
        if (_late.Count == 0)
        {
            return;
        }

        try
        {
            database.Write(_late.Values);
            Done();
        }
        catch (SqliteException e)
        {
            Log.NotRecorded(log, e);
            alarms.Set(
                ReasonCode.DatabaseFailed,
                $"{database.Path} cannot be written: {e.Message.TrimEnd('.')}. What was changed since is in force, and is written as soon as that is possible; adds, leases and moves "
                + "of aliases are refused until then. Look at the room on that disk, at what lies beside the file, and at the disk itself (dmesg).");
            _timer?.Dispose();
            _timer = time.CreateTimer(_ => again(), null, _pause, Timeout.InfiniteTimeSpan);
            _pause = _pause * 2 < Longest ? _pause * 2 : Longest;
        }
    }

    /// <summary>What is late is given up: a try that is under way finds nothing to do, and no database that is closed.</summary>
    public void Dispose()
    {
        _timer?.Dispose();
        _late.Clear();
    }

    private void Done()
    {
        _late.Clear();
        _pause = Shortest;
        alarms.Set(ReasonCode.DatabaseFailed, null);
    }
}
