using IsoCatalog.Swarm.Storage;
using Xunit;

namespace IsoCatalog.Tests.Swarm;

public sealed class TaskGroupTests
{
    [Fact]
    public async Task The_end_waits_for_everything_that_was_started_and_nothing_is_started_after_it()
    {
        var group = new TaskGroup();
        using var first = new ManualResetEventSlim();
        var (done, late) = (0, 0);
        group.Run(() =>
        {
            first.Wait(TestContext.Current.CancellationToken);
            Interlocked.Increment(ref done);
        });
        group.Run(() => Interlocked.Increment(ref done));
        var end = group.EndAsync();
        group.Run(() => Interlocked.Increment(ref late));
        Assert.False(end.IsCompleted);
        first.Set();
        await end;
        Assert.Equal((2, 0), (done, late));
    }
}
