using IsoCatalog.Appliance.Documents;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Upkeep;

public sealed class SiteTimeTests
{
    private static readonly TimeSpan Jump = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Near = TimeSpan.FromMinutes(1);

    private readonly SteppedClock _clock = new();

    [Theory]
    [InlineData(3650)]
    [InlineData(-3650)]
    public void A_jump_is_not_followed_until_the_clock_is_believed(int days)
    {
        var time = new SiteTime(_clock, Jump);
        var before = time.GetUtcNow().AddMilliseconds(-1);
        _clock.Off = TimeSpan.FromDays(days);
        Assert.InRange(time.GetUtcNow(), before, before + Near);
        Assert.InRange(time.Clock, before.AddDays(days), before.AddDays(days) + Near);
        _clock.Off = TimeSpan.Zero;
        Assert.InRange(time.GetUtcNow(), before, before + Near);
        _clock.Off = TimeSpan.FromDays(days);
        time.Follow();
        Assert.InRange(time.GetUtcNow(), before.AddDays(days), before.AddDays(days) + Near);
    }

    [Fact]
    public void Small_steps_are_followed_however_far_they_lead()
    {
        var time = new SiteTime(_clock, Jump);
        var before = time.GetUtcNow();
        for (var minutes = 0; minutes <= 60; minutes += 4)
        {
            _clock.Off = TimeSpan.FromMinutes(minutes);
            Assert.InRange(time.GetUtcNow(), before + _clock.Off, before + _clock.Off + Near);
        }
    }

    [Fact]
    public void A_timer_that_is_to_wait_longer_than_any_can_waits_as_long_as_it_can()
    {
        using var timer = new SiteTime(_clock, Jump).CreateTimer(_ => { }, null, TimeSpan.FromDays(3650), TimeSpan.FromDays(3650));
        Assert.NotNull(timer);
    }
}
