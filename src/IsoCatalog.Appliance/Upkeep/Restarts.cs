using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Upkeep;

/// <summary>
/// Runs something that should not end. Whatever it throws ends nothing but that run: it begins anew after a pause, and is a setback once that has lasted.
/// </summary>
/// <param name="what">In words, as a sentence begins: "Watching the files".</param>
internal sealed class Restarts(string what, Setbacks setbacks, TimeProvider time, ILogger log)
{
    /// <summary>A run that lasts so long is no failure any more: one that failed once is not said to fail.</summary>
    private static readonly TimeSpan Settled = Setbacks.Grace / 2;

    private static readonly Backoff Pauses = Backoff.UpTo(TimeSpan.FromMinutes(1));

    private readonly Attempts<(string What, ImageId? Image)> _attempts = setbacks.Attempts(Pauses);

    /// <summary>Ends, without an exception, when it is told to stop, or when a run ends by itself.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> run, CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var running = run(stoppingToken);
                using var settled = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                if (await Task.WhenAny(running, Task.Delay(Settled, time, settled.Token)) != running)
                {
                    _attempts.Forget((what, null));
                    failures = 0;
                }

                await settled.CancelAsync();
                await running;
                return;
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.BeginsAnew(log, what, e);
                _attempts.Failed((what, null), e.Message);
            }

            await Task.Delay(Pauses.After(++failures), time, stoppingToken).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
