using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Tests.Readiness;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace IsoCatalog.Tests.Upkeep;

public sealed class AttemptsTests
{
    private readonly FakeTimeProvider _time = new(SomeSite.Now);
    private readonly Attempts<string> _attempts;

    public AttemptsTests() => _attempts = new(Backoff.UpTo(TimeSpan.FromMinutes(1)), _time);

    [Fact]
    public void With_the_same_file_each_failure_waits_twice_as_long_up_to_the_longest()
    {
        var waits = new List<double>();
        for (var i = 0; i < 12; i++)
        {
            _attempts.Failed("image", "no", SomeSite.Receipt);
            waits.Add((_attempts.NextAfter(SomeSite.Now)!.Value - SomeSite.Now).TotalSeconds);
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60], waits);
        _time.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromTicks(1));
        Assert.False(_attempts.IsDue("image", SomeSite.Receipt));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(_attempts.IsDue("image", SomeSite.Receipt));
    }

    [Fact]
    public void With_another_file_in_the_store_the_wait_is_over_at_once_and_the_count_begins_anew_but_it_fails_as_long_as_before()
    {
        for (var i = 0; i < 7; i++)
        {
            _attempts.Failed("image", "no", SomeSite.Receipt);
        }

        var another = SomeSite.Receipt with { Inode = 99 };
        Assert.True(_attempts.IsDue("image", another));
        _time.Advance(TimeSpan.FromSeconds(5));
        _attempts.Failed("image", "still not", another);
        var attempt = Assert.Single(_attempts.All).Value;
        Assert.Equal((1, SomeSite.Now.AddSeconds(6), SomeSite.Now, "still not"), (attempt.Count, attempt.NotBefore, attempt.Since, attempt.Reason));
    }

    [Fact]
    public void Each_waits_for_itself_and_the_first_to_come_is_said()
    {
        _attempts.Failed("one", "no");
        _attempts.Failed("other", "no");
        _attempts.Failed("other", "no");
        Assert.True(_attempts.IsDue("third"));
        Assert.Equal(SomeSite.Now.AddSeconds(1), _attempts.NextAfter(SomeSite.Now));
        Assert.Equal(SomeSite.Now.AddSeconds(2), _attempts.NextAfter(SomeSite.Now.AddSeconds(1)));
        Assert.Null(_attempts.NextAfter(SomeSite.Now.AddSeconds(2)));
        _attempts.Forget("one");
        Assert.True(_attempts.IsDue("one"));
    }
}
