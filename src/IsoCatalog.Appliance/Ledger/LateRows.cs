using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// Writes the rows of changes. Rows that only follow from what is in force already may be late: as long as the database cannot be written they are kept, which is an
/// alarm, and written with the next change or when it is tried again. A database that is not trusted any more is written anew. Called under the ledger's lock.
/// </summary>
/// <param name="again">Takes the lock and calls <see cref="TryAgain"/>.</param>
internal sealed class LateRows(
    SiteDatabase database, Reserve reserve, SiteAlarms alarms, EventLog events, TimeProvider time, ILogger log, Action again) : IDisposable
{
    /// <summary>A fact: when a row was refused that something would have relied on. It is late as long as rows are, so it is known when they can be written again.</summary>
    private const string Refused = "row-refused";

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly Dictionary<object, Row> _late = [];
    private TimeSpan _pause = Shortest;
    private ITimer? _timer;

    /// <summary>Rows that something is about to rely on, and with them what is late: all of it, or nothing.</summary>
    /// <exception cref="DatabaseException">Nothing was written.</exception>
    public void WriteFirst(IReadOnlyList<Row> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        try
        {
            Save(rows);
        }
        catch (DatabaseException e)
        {
            var refused = new Row.Fact(Refused, StoredView.Ms(time.GetUtcNow()));
            _late[refused.Key] = refused;
            Failed(e);
            throw;
        }
    }

    public void Write(IEnumerable<Row> rows)
    {
        foreach (var row in rows)
        {
            // In the order in which it was said: with a file goes when it was read.
            _late.Remove(row.Key);
            _late[row.Key] = row;
        }

        CatchUp();
    }

    /// <summary>A pause is over.</summary>
    public void TryAgain()
    {
        _timer?.Dispose();
        _timer = null;
        CatchUp();
    }

    /// <summary>What is late is given up: a try that is under way finds nothing to do, and no database that is closed.</summary>
    public void Dispose()
    {
        _timer?.Dispose();
        _late.Clear();
    }

    private void CatchUp()
    {
        if (_late.Count == 0)
        {
            return;
        }

        try
        {
            Save([]);
        }
        catch (DatabaseException e)
        {
            Log.NotRecorded(log, e);
            Failed(e);
        }
    }

    /// <summary>What is late, and more.</summary>
    private void Save(IReadOnlyList<Row> more)
    {
        if (database.IsTrusted)
        {
            try
            {
                var keys = more.Select(r => r.Key).ToHashSet();
                reserve.Write(() => database.Write([.. _late.Where(l => !keys.Contains(l.Key)).Select(l => l.Value), .. more]));
                Done();
                return;
            }
            catch (DatabaseException e) when (!database.IsTrusted)
            {
                Log.DatabaseDistrusted(log, e);
                events.Add(EventLog.Drift, $"{e.Message} It is not trusted any more; a new one is written.", code: ReasonCode.DatabaseFailed);
            }
        }

        // Without the new rows: as long as the new file has not taken its place, a crash may bring it to light, and with it what was refused.
        reserve.Write(() => database.WriteAnew(_late.Values));
        Log.DatabaseAnew(log, database.Path);
        reserve.Write(() => database.Write(more));
        Done();
    }

    private void Failed(DatabaseException e)
    {
        alarms.Set(
            ReasonCode.DatabaseFailed,
            $"The database cannot be written: {e.Message} {(database.IsTrusted ? "" : "After that error it is not trusted any more, and a new one is written in its place. ")}"
            + "What was changed since is in force, and is written as soon as that is possible; adds, leases and moves of aliases are refused until then. Look at the room on "
            + "that disk, at what lies beside the file, and at the disk itself (dmesg, smartctl).");
        if (_timer is null)
        {
            // Whoever asks meanwhile is a try of his own, and puts off none.
            _timer = time.CreateTimer(_ => again(), null, _pause, Timeout.InfiniteTimeSpan);
            _pause = _pause * 2 < Longest ? _pause * 2 : Longest;
        }
    }

    private void Done()
    {
        _late.Clear();
        _pause = Shortest;
        alarms.Set(ReasonCode.DatabaseFailed, null);
    }
}
