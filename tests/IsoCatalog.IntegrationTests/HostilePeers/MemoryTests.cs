using IsoCatalog.Testing.Hostile;
using Xunit;

namespace IsoCatalog.IntegrationTests.HostilePeers;

[CollectionDefinition(DisableParallelization = true)]
public sealed class MeasuredAlone;

/// <summary>What attackers make the engine allocate. Nothing else runs in this process meanwhile.</summary>
// By hand, with -explicit on: the figures are of the whole process, so they count only when no other test ran in it before.
[Collection<MeasuredAlone>]
public sealed class MemoryTests
{
    private const long MiB = 1024 * 1024;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData(Nonsense.Claims64MiB)]
    [InlineData(Nonsense.Claims4GiB)]
    public async Task Messages_that_claim_to_be_huge_cost_no_memory(Nonsense nonsense)
    {
        await using var siege = new Siege().Seeding();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < 32; i++)
        {
            await using var caller = new BrokenCaller(Siege.Image, nonsense);
            await caller.CallAsync(siege.Victim.Address, Cancelled);
        }

        Assert.InRange((GC.GetTotalAllocatedBytes(precise: true) - before) / MiB, 0, 256);
    }

    [Fact(Explicit = true)]
    public async Task Peers_that_ask_for_everything_and_read_nothing_cost_little_memory()
    {
        await using var siege = new Siege().Seeding();
        var callers = Enumerable.Range(0, 24).Select(_ => new SlowPeer(Siege.Image, Slowness.NeverReads)).ToArray();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var calls = callers.Select(caller => caller.CallAsync(siege.Victim.Address, Cancelled)).ToArray();
        var most = 0L;
        await siege.Victim.UntilAsync(
            () =>
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
                return Array.TrueForAll(calls, static call => call.IsCompleted);
            },
            "the end of all who read nothing",
            Cancelled);
        await Task.WhenAll(calls);
        Assert.InRange(most / MiB, 0, 64);
        foreach (var caller in callers)
        {
            await caller.DisposeAsync();
        }
    }
}
