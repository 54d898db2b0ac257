using IsoCatalog.Swarm.Storage;
using Xunit;

namespace IsoCatalog.Tests.Swarm;

public sealed class WorkThreadsTests
{
    [Fact]
    public async Task Work_that_throws_is_told_and_the_threads_go_on()
    {
        var told = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var threads = new WorkThreads(1, told.SetResult);

        threads.TryRun(() => throw new InvalidOperationException("so it is"));
        threads.TryRun(done.SetResult);

        Assert.Equal("so it is", (await told.Task.WaitAsync(TestContext.Current.CancellationToken)).Message);
        await done.Task.WaitAsync(TestContext.Current.CancellationToken);
    }
}
