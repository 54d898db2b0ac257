using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Tests.Readiness;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace IsoCatalog.Tests.Upkeep;

public sealed class RestartsTests
{
    private readonly FakeTimeProvider _time = new(SomeSite.Now);
    private readonly Setbacks _setbacks;
    private readonly Restarts _restarts;

    public RestartsTests()
    {
        _setbacks = new Setbacks(_time);
        _restarts = new Restarts("Watching", _setbacks, _time, NullLogger.Instance);
    }

    [Fact]
    public async Task A_loop_that_fails_begins_anew_is_drift_once_that_has_lasted_and_none_once_it_holds()
    {
        using var stop = new CancellationTokenSource();
        var (runs, broken) = (0, true);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var lasting = _restarts.RunAsync(
            async cancellationToken =>
            {
                Interlocked.Increment(ref runs);
                if (Volatile.Read(ref broken))
                {
                    throw new ArgumentOutOfRangeException(null, "no timer waits for so long");
                }

                held.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            },
            stop.Token);

        while (!_setbacks.Lasting.Any() || Volatile.Read(ref runs) < 2)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Contains("no timer waits for so long", Assert.Single(_setbacks.Lasting).Reason, StringComparison.Ordinal);
        Volatile.Write(ref broken, false);
        while (!held.Task.IsCompleted || _setbacks.Lasting.Any())
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.False(lasting.IsCompleted);
        await stop.CancelAsync();
        await lasting;
    }

    [Fact]
    public async Task A_loop_that_fails_before_it_waits_for_anything_or_is_cancelled_by_something_else_begins_anew_too()
    {
        using var stop = new CancellationTokenSource();
        var runs = 0;
        var lasting = _restarts.RunAsync(
            _ => Interlocked.Increment(ref runs) == 1 ? throw new InvalidOperationException("at once") : Task.FromException(new OperationCanceledException()), stop.Token);
        while (Volatile.Read(ref runs) < 3)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await stop.CancelAsync();
        await lasting;
    }

    [Fact]
    public void Every_loop_of_the_site_lasts()
    {
        var loops = typeof(Restarts).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(BackgroundService)) && !t.IsAbstract).ToList();

        Assert.NotEmpty(loops);
        Assert.All(loops, t => Assert.True(t.IsSubclassOf(typeof(LastingLoop)), $"{t.Name} ends the site when it fails: make it a {nameof(LastingLoop)}."));
    }
}
