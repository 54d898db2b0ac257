using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Tests.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Publishing;

public sealed class AttemptTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    [Fact]
    public void With_the_same_file_each_failure_waits_twice_as_long_up_to_the_longest()
    {
        Attempt? attempt = null;
        var waits = new List<double>();
        for (var i = 0; i < 12; i++)
        {
            attempt = Attempt.After(attempt, SomeSite.Receipt, SomeSite.Now, Longest);
            waits.Add((attempt.NotBefore - SomeSite.Now).TotalSeconds);
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60], waits);
        Assert.False(attempt!.IsOver(SomeSite.Receipt, attempt.NotBefore.AddTicks(-1)));
        Assert.True(attempt.IsOver(SomeSite.Receipt, attempt.NotBefore));
    }

    [Fact]
    public void With_another_file_in_the_store_the_wait_is_over_at_once_and_the_count_begins_anew()
    {
        var attempt = Attempt.After(null, SomeSite.Receipt, SomeSite.Now, Longest);
        for (var i = 0; i < 6; i++)
        {
            attempt = Attempt.After(attempt, SomeSite.Receipt, SomeSite.Now, Longest);
        }

        var another = SomeSite.Receipt with { Inode = 99 };
        Assert.True(attempt.IsOver(another, SomeSite.Now));
        Assert.Equal((1, SomeSite.Now.AddSeconds(1)), (Attempt.After(attempt, another, SomeSite.Now, Longest).Count, Attempt.After(attempt, another, SomeSite.Now, Longest).NotBefore));
    }
}
