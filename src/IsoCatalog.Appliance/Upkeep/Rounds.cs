using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Upkeep;

/// <summary>
/// Goes round the chores of one room at each change, and when one is due, one chore after another. One that fails keeps no other from being done: it waits for
/// its own next try, and is a setback once that has lasted. A chore that is not asked for any more is forgotten.
/// </summary>
internal sealed class Rounds
{
    private readonly Attempts<(string What, ImageId? Image)> _attempts;
    private readonly ChangeLoop _loop;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    /// <param name="longest">Between two tries of one chore.</param>
    public Rounds(SiteLedger ledger, Setbacks setbacks, TimeSpan longest, TimeProvider time, ILogger log)
    {
        _attempts = setbacks.Attempts(Backoff.UpTo(longest));
        _loop = new ChangeLoop(ledger, time, log);
        _time = time;
        _log = log;
    }

    /// <param name="chores">Gives what there is to do; asked for one after another, so that each can be decided on the newest view.</param>
    /// <param name="stoppingToken">Ends it.</param>
    public Task RunAsync(Func<IEnumerable<Chore>> chores, CancellationToken stoppingToken) =>
        _loop.RunAsync(cancellationToken => GoAsync(chores(), cancellationToken), stoppingToken);

    private async Task<DateTimeOffset?> GoAsync(IEnumerable<Chore> chores, CancellationToken cancellationToken)
    {
        var begun = _time.GetUtcNow();
        var asked = new HashSet<(string, ImageId?)>();
        var due = new List<DateTimeOffset?>();
        foreach (var chore in chores)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (chore.From is { } from && from > _time.GetUtcNow())
            {
                due.Add(from);
                continue;
            }

            asked.Add((chore.What, chore.Image));
            if (_attempts.IsDue((chore.What, chore.Image), chore.With))
            {
                await TryAsync(chore, cancellationToken);
            }
        }

        foreach (var (key, _) in _attempts.All.Where(a => !asked.Contains(a.Key)))
        {
            _attempts.Forget(key);
        }

        due.Add(_attempts.NextAfter(begun));
        return due.Min();
    }

    private async Task TryAsync(Chore chore, CancellationToken cancellationToken)
    {
        string? failure;
        try
        {
            failure = await chore.Do(cancellationToken);
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            failure = e.Message;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.Unexpected(_log, chore.What, e);
            failure = e.Message;
        }

        if (failure is null)
        {
            _attempts.Forget((chore.What, chore.Image));
        }
        else
        {
            Log.WillRetry(_log, chore.What, failure);
            _attempts.Failed((chore.What, chore.Image), failure, chore.With);
        }
    }
}
