using System.Collections.Concurrent;
using IsoCatalog.Client;
using Xunit;

namespace IsoCatalog.IntegrationTests.Crash;

/// <summary>Kills a site as a certain step of its work begins.</summary>
internal static class StepKill
{
    private const int HoldMs = 50;

    /// <summary>A site waits most of the time: until it is quiet, at each step that is held, and for its own readings back.</summary>
    private const int SideBySide = 3;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Takes the steps one after another, several sites side by side, until one has done the work to its end.</summary>
    /// <param name="attempt">Has a site killed at the step, and checks what the site makes of it.</param>
    /// <returns>Every step that was begun.</returns>
    public static async Task<IEnumerable<string>> AtEachAsync(Func<SiteUnderCrash, int, Task<(IReadOnlyList<string> Steps, bool Done)>> attempt)
    {
        var seen = new ConcurrentDictionary<string, byte>(StringComparer.Ordinal);
        var (last, over) = (0, false);
        await Task.WhenAll(Enumerable.Range(0, SideBySide).Select(_ => LaneAsync()));
        return seen.Keys;

        async Task LaneAsync()
        {
            try
            {
                await using var crash = await SiteUnderCrash.StartAsync(Cancellation);
                while (!Volatile.Read(ref over))
                {
                    var (steps, done) = await attempt(crash, Interlocked.Increment(ref last));
                    foreach (var step in steps)
                    {
                        seen.TryAdd(step, 0);
                    }

                    if (done)
                    {
                        return;
                    }
                }
            }
            finally
            {
                Volatile.Write(ref over, true);
            }
        }
    }
    public static async Task<(IReadOnlyList<string> Steps, bool Done)> AtAsync(
        SiteUnderCrash crash, int step, Func<CancellationToken, Task> work, Func<Task<bool>> isDone, ITestOutputHelper output)
    {
        await crash.QuietAsync();
        await using var traced = await TracedSteps.AttachAsync(crash.Site, HoldMs, Cancellation);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var working = work(cut.Token);
        var done = false;
        while (traced.Steps().Count < step && !done)
        {
            await Task.Delay(2, Cancellation);
            if (working.IsFaulted)
            {
                // Nobody has killed it yet: the site ended by itself, or refuses.
                await working;
            }

            done = working.IsCompletedSuccessfully && await isDone();
        }

        await crash.KillAsync();
        await cut.CancelAsync();
        try
        {
            await working;
        }
        catch (Exception e) when (e is ApplianceUnreachableException or ApplianceException or OperationCanceledException or IOException)
        {
            // Cut off: not acknowledged.
        }

        var steps = traced.Steps();
        output.WriteLine($"{step}: killed at {(steps.Count > 0 ? steps[^1] : "the start")} ({steps.Count})");
        return (steps, done);
    }

    public static void AssertPrefix(string[] expected, IReadOnlyList<string> steps)
    {
        var length = Math.Min(expected.Length, steps.Count);
        Assert.Equal(expected[..length], steps.Take(length));
    }
}
