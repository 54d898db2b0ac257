using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Surfaces.Ovirt;
using Xunit;

namespace IsoCatalog.Tests.Ovirt;

/// <summary>How often an engine is made to list its domain, whoever asks.</summary>
public sealed class RefreshPaceTests
{
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Distance = TimeSpan.FromSeconds(15);

    [Fact]
    public void Whatever_is_asked_no_window_has_more_refreshes_than_it_may_and_nobody_waits_longer_than_the_distance()
    {
        var seeds = Gen.Choose(0, int.MaxValue - 1);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(seeds.ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var pace = new RefreshPace(Distance);
            var (now, began, longest) = (Start, new List<DateTimeOffset>(), TimeSpan.Zero);
            for (var i = 0; i < 60; i++)
            {
                // Asked for at once, soon, or after a quiet time; begun when it may, or when its turn comes later.
                now += random.Next(4) switch { 0 => TimeSpan.Zero, 1 => Seconds(random, 2), 2 => Seconds(random, 20), _ => Seconds(random, 120) };
                var wait = pace.Wait(now);
                longest = wait > longest ? wait : longest;
                now += wait + (random.Next(3) == 0 ? Seconds(random, 5) : TimeSpan.Zero);
                pace = pace.Began(now);
                began.Add(now);
            }

            var windows = from first in Enumerable.Range(0, began.Count)
                          from last in Enumerable.Range(first, began.Count - first)
                          select (Count: last - first + 1, Most: RefreshPace.Burst + Math.Floor((began[last] - began[first]) / Distance));
            return (longest <= Distance && windows.All(w => w.Count <= w.Most)).Label($"{seed}: {longest}");
        }));

        static TimeSpan Seconds(Random random, double most) => TimeSpan.FromSeconds(random.NextDouble() * most);
    }

    [Fact]
    public void The_first_after_a_quiet_time_and_one_more_need_not_wait_and_then_each_waits_for_the_distance()
    {
        var pace = new RefreshPace(Distance);
        Assert.Equal(0, Wait(0));
        Begin(0);
        Assert.Equal(0, Wait(1));
        Begin(1);
        Assert.Equal(14, Wait(1));
        Begin(15);
        Assert.Equal(15, Wait(15));
        Assert.Equal(0, Wait(300));

        double Wait(int second) => pace.Wait(Start.AddSeconds(second)).TotalSeconds;
        void Begin(int second) => pace = pace.Began(Start.AddSeconds(second));
    }

    [Fact]
    public void A_clock_that_is_set_back_holds_nothing_up()
    {
        var pace = new RefreshPace(Distance).Began(Start).Began(Start);
        var earlier = Start.AddHours(-1);

        Assert.Equal(TimeSpan.Zero, pace.Wait(earlier));
        Assert.InRange(pace.Began(earlier).Wait(earlier), TimeSpan.Zero, Distance);
    }
}
