using IsoCatalog.Swarm.Storage;
using Xunit;

namespace IsoCatalog.Tests.Swarm;

/// <summary>Pieces are written, and hashes are answered, by one thread at a time; what another one brings in the moment that it ends is not forgotten.</summary>
public sealed class OneAtATimeTests
{
    private const int Rounds = 300_000;

    /// <summary>Both add and end in the same moment, again and again: a lost wake-up leaves something lying with nobody at work.</summary>
    [Fact]
    public void What_is_added_while_the_work_ends_is_done_all_the_same()
    {
        var (queue, done, arrived) = (new OneAtATime<int>(), 0, 0);
        using var lost = new CancellationTokenSource();
        var threads = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            for (var round = 1; round <= Rounds && !lost.IsCancellationRequested; round++)
            {
                if (queue.Add(round))
                {
                    queue.Work(_ => Interlocked.Increment(ref done));
                }

                // Both are through this round, so everything is done.
                Interlocked.Increment(ref arrived);
                while (Volatile.Read(ref arrived) < 2 * round && !lost.IsCancellationRequested)
                {
                    Thread.SpinWait(1);
                }

                if (queue.Waiting > 0)
                {
                    // The other one may be in the next round by now, and has added to it.
                    SpinWait.SpinUntil(() => queue.Waiting == 0 || lost.IsCancellationRequested, TimeSpan.FromSeconds(5));
                    if (queue.Waiting > 0)
                    {
                        lost.Cancel();
                    }
                }
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.False(lost.IsCancellationRequested, $"Something was left lying after {done} of {2 * Rounds}.");
        Assert.Equal(2 * Rounds, done);
    }

    [Fact]
    public void Only_one_at_a_time_and_what_throws_keeps_the_next_from_nothing()
    {
        var (queue, seen) = (new OneAtATime<int>(), new List<int>());
        Assert.True(queue.Add(1));
        Assert.False(queue.Add(2));
        Assert.Throws<InvalidOperationException>(() => queue.Work(_ => throw new InvalidOperationException()));
        Assert.True(queue.Add(3));
        queue.Work(seen.Add);
        Assert.Equal([2, 3], seen);
        Assert.Equal(0, queue.Waiting);
    }
}
