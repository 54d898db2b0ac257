using IsoCatalog.Appliance.Store;
using Xunit;

namespace IsoCatalog.Tests.Store;

public sealed class IdleMemoryTests
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(500 * MiB, 0, 0.01, true)]
    [InlineData(500 * MiB, 0, 0.5, false)]
    [InlineData(60 * MiB, 0, 0, false)]
    [InlineData(500 * MiB, 480 * MiB, 0, false)]
    [InlineData(500 * MiB, 400 * MiB, 0, true)]
    public void What_a_burst_needed_is_given_back_when_nobody_is_busy_and_it_is_worth_it(long committed, long kept, double busy, bool due) =>
        Assert.Equal(due, IdleMemory.IsDue(committed, kept, busy));
}
