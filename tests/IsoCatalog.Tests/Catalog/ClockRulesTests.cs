using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>Whether a site may believe its clock.</summary>
public sealed class ClockRulesTests
{
    private static readonly DateTimeOffset Now = SomeFleet.Now;

    private readonly ClockEvidence _good = new() { Clock = Now, Steady = Now, Built = Now.AddDays(-30), Most = TimeSpan.FromMinutes(5) };

    [Fact]
    public void A_clock_that_nothing_speaks_against_is_believed()
    {
        Assert.Equal(ClockReading.Of(Now), ClockRules.Judge(_good));
        Assert.Null(Doubt(_good with { Last = Stamped(Now.AddMinutes(59)) }));
        Assert.Null(Doubt(_good with { Steady = Now.AddMinutes(4) }));
        Assert.Null(Doubt(_good with { Built = Now.AddHours(20) }));
    }

    [Fact]
    public void A_clock_from_before_the_program_was_built_cannot_be_whatever_others_say()
    {
        var old = _good with { Clock = DateTimeOffset.UnixEpoch, Steady = DateTimeOffset.UnixEpoch };
        Assert.Contains("1970-01-01", Doubt(old), StringComparison.Ordinal);
        Assert.Contains("timedatectl", Doubt(old with { Peers = Peers(DateTimeOffset.UnixEpoch) }), StringComparison.Ordinal);
        Assert.Equal(DateTimeOffset.MaxValue, ClockRules.Judge(old).Horizon);
        Assert.Equal(Now, ClockRules.Judge(old with { Peers = Peers(Now) }).Reference);
    }

    [Fact]
    public void A_clock_that_jumps_is_not_believed_and_monotonic_time_is_the_reference()
    {
        foreach (var off in new[] { TimeSpan.FromDays(3650), TimeSpan.FromMinutes(6), TimeSpan.FromMinutes(-6) })
        {
            var reading = ClockRules.Judge(_good with { Clock = Now + off });
            Assert.Contains("jumped", reading.Doubt, StringComparison.Ordinal);
            Assert.Contains("restart", reading.Doubt, StringComparison.Ordinal);
            Assert.True(reading.Jumped);
            Assert.Equal(Now, reading.Reference);
        }
    }

    [Fact]
    public void A_jump_is_believed_when_other_sites_agree_with_it_or_when_the_clock_could_not_be_before_it()
    {
        Assert.Null(Doubt(_good with { Steady = Now.AddDays(-3), Peers = Peers(Now) }));
        Assert.Null(Doubt(_good with { Steady = DateTimeOffset.UnixEpoch }));
        Assert.Null(Doubt(_good with { Steady = Now.AddHours(-3), Last = Stamped(Now.AddHours(-1)) }));
        Assert.NotNull(Doubt(_good with { Steady = Now.AddDays(-3), Peers = Peers(Now.AddDays(-3)) }));
    }

    [Fact]
    public void Alone_a_clock_behind_the_last_stamp_is_not_believed_and_both_ways_out_are_told()
    {
        var reading = ClockRules.Judge(_good with { Last = Stamped(Now.AddDays(3650), "msk") });
        Assert.Contains("'msk'", reading.Doubt, StringComparison.Ordinal);
        Assert.Contains("timedatectl", reading.Doubt, StringComparison.Ordinal);
        Assert.Contains("isocatalog trust repair-clock msk", reading.Doubt, StringComparison.Ordinal);
        Assert.False(reading.Jumped);
        Assert.True(reading.Horizon < Now.AddDays(1));
        Assert.NotNull(Doubt(_good with { Last = Stamped(DateTimeOffset.MaxValue) with { Ms = (1L << 53) - 1 } }));
    }

    [Fact]
    public void Other_clocks_that_agree_with_it_go_before_a_stamp_from_the_future()
    {
        var reading = ClockRules.Judge(_good with { Last = Stamped(Now.AddDays(3650)), Peers = Peers(Now, Now.AddSeconds(9)) });
        Assert.Null(reading.Doubt);
        Assert.Equal(Now.AddMinutes(5), reading.Horizon);
    }

    [Fact]
    public void Two_others_that_agree_outvote_it_and_each_is_named_with_what_it_says()
    {
        foreach (var off in new[] { TimeSpan.FromHours(1), TimeSpan.FromHours(-1) })
        {
            var reading = ClockRules.Judge(_good with { Clock = Now + off, Steady = Now + off, Confirmed = true, Peers = Peers(Now, Now.AddSeconds(3)) });
            Assert.Contains("a says 2026-11-21 06:00:00", reading.Doubt, StringComparison.Ordinal);
            Assert.Contains("b says 2026-11-21 06:00:03", reading.Doubt, StringComparison.Ordinal);
            Assert.DoesNotContain("most sites", reading.Doubt, StringComparison.Ordinal);
        }

        Assert.Null(Doubt(_good with { Peers = Peers(Now, Now.AddDays(1)) }));
        Assert.Null(Doubt(_good with { Peers = Peers(Now, Now.AddDays(1), Now.AddDays(2)) }));
    }

    [Fact]
    public void One_other_clock_stops_nobody_who_is_right()
    {
        // It was right when they last agreed; or the other is behind what it has signed itself.
        Assert.Null(Doubt(_good with { Peers = Peers(Now.AddHours(-1)), Confirmed = true }));
        Assert.Null(Doubt(_good with { Peers = Peers(Now.AddHours(-1)), Floors = Floor(Now.AddMinutes(-10)) }));
        Assert.Null(Doubt(_good with { Peers = Peers(Now.AddDays(3650)) }));
        Assert.Null(Doubt(_good with { Peers = Peers(Now.AddDays(3650)), Confirmed = true }));
    }

    [Fact]
    public void Of_two_clocks_that_never_agreed_the_one_that_is_ahead_gives_way_and_the_other_is_not_called_most_sites()
    {
        var ahead = _good with { Clock = Now.AddDays(3650), Steady = Now.AddDays(3650), Peers = Peers(Now) };
        Assert.Contains("a says 2026-11-21 06:00:00", Doubt(ahead), StringComparison.Ordinal);
        Assert.DoesNotContain("most sites", Doubt(ahead), StringComparison.Ordinal);
        Assert.Equal(Now, ClockRules.Judge(ahead).Reference);
    }

    [Fact]
    public void Clocks_at_the_ends_of_what_a_date_can_be_carry_nothing_out_of_it()
    {
        foreach (var clock in new[] { DateTimeOffset.MaxValue, DateTimeOffset.MinValue, Now })
        {
            foreach (var other in new[] { DateTimeOffset.MaxValue, DateTimeOffset.MinValue })
            {
                ClockRules.Judge(_good with { Clock = clock, Steady = other, Peers = Peers(other, clock), Last = Stamped(Now), Floors = Floor(other) });
                ClockRules.Judge(_good with { Clock = clock, Steady = other, Built = other, Last = Stamped(Now) });
            }
        }
    }

    private static string? Doubt(ClockEvidence evidence) => ClockRules.Judge(evidence).Doubt;

    private static Stamp Stamped(DateTimeOffset at, string site = "ams") => new(at.ToUnixTimeMilliseconds(), 0, site);

    private static ImmutableSortedDictionary<string, DateTimeOffset> Peers(params DateTimeOffset[] clocks) =>
        clocks.Select((c, i) => KeyValuePair.Create(((char)('a' + i)).ToString(), c)).ToImmutableSortedDictionary();

    private static ImmutableSortedDictionary<string, DateTimeOffset> Floor(DateTimeOffset floor) => ImmutableSortedDictionary<string, DateTimeOffset>.Empty.Add("a", floor);
}
