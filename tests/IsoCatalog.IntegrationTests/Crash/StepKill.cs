using IsoCatalog.Client;
using Xunit;

namespace IsoCatalog.IntegrationTests.Crash;

/// <summary>Kills a site as a certain step of its work begins.</summary>
internal static class StepKill
{
    private const int HoldMs = 50;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Runs the work and kills the site as the n-th step begins, or once it is all done.</summary>
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
