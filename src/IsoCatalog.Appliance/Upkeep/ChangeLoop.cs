using System.Threading.Channels;
using IsoCatalog.Appliance.Ledger;

namespace IsoCatalog.Appliance.Upkeep;

/// <summary>Runs something at each change of the ledger's view, and when it is due without one. The one loop of everything that follows the ledger.</summary>
internal sealed class ChangeLoop(SiteLedger ledger, TimeProvider time, ILogger log)
{
    /// <summary>A timer cannot wait for ever, and a moment may come from another site.</summary>
    private static readonly TimeSpan LongestNap = TimeSpan.FromHours(1);

    private static readonly Backoff AfterFailure = Backoff.UpTo(TimeSpan.FromMinutes(1));

    private readonly Channel<byte> _woken = Channel.CreateBounded<byte>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Lets it run again, for what is no change of the view. Thread-safe.</summary>
    public void Wake() => _woken.Writer.TryWrite(0);

    /// <summary>Ends, without an exception, when it is told to stop; whatever the round throws ends nothing.</summary>
    /// <param name="round">Says when it is due again at the latest; null: at the next change.</param>
    /// <param name="stoppingToken">Ends it.</param>
    public async Task RunAsync(Func<CancellationToken, Task<DateTimeOffset?>> round, CancellationToken stoppingToken)
    {
        var changed = ledger.Signal();
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            // Before the round, so that what changes meanwhile is seen by another one.
            changed.TryRead(out _);
            _woken.Reader.TryRead(out _);
            DateTimeOffset? due;
            try
            {
                due = await round(stoppingToken);
                failures = 0;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.RoundFailed(log, e);
                due = time.GetUtcNow() + AfterFailure.After(++failures);
            }

            await WaitAsync(changed, due, stoppingToken);
        }
    }

    private async Task WaitAsync(ChannelReader<byte> changed, DateTimeOffset? due, CancellationToken stoppingToken)
    {
        var nap = due - time.GetUtcNow() is { } left && left < LongestNap ? left : LongestNap;
        if (nap <= TimeSpan.Zero)
        {
            return;
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await Task.WhenAny(
            changed.WaitToReadAsync(end.Token).AsTask(), _woken.Reader.WaitToReadAsync(end.Token).AsTask(), Task.Delay(nap, time, end.Token));
        await end.CancelAsync();
    }
}
