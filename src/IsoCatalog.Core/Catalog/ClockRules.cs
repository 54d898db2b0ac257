using System.Collections.Immutable;
using System.Globalization;

namespace IsoCatalog.Core.Catalog;

/// <summary>What the clocks around a site say at one moment.</summary>
public sealed record ClockEvidence
{
    /// <summary>This machine's clock.</summary>
    public required DateTimeOffset Clock { get; init; }

    /// <summary>What it would say, had it gone on from when it was last believed as monotonic time went on.</summary>
    public required DateTimeOffset Steady { get; init; }

    /// <summary>When this program was built: no clock of a site is right before that.</summary>
    public required DateTimeOffset Built { get; init; }

    /// <summary>The newest stamp of any document that was admitted.</summary>
    public Stamp? Last { get; init; }

    /// <summary>For each other site what time it surely is: a clock of it that says less has fallen behind, and has no say.</summary>
    public ImmutableSortedDictionary<string, DateTimeOffset> Floors { get; init; } = ImmutableSortedDictionary<string, DateTimeOffset>.Empty;

    /// <summary>The clocks of the sites that answered just now, by site.</summary>
    public ImmutableSortedDictionary<string, DateTimeOffset> Peers { get; init; } = ImmutableSortedDictionary<string, DateTimeOffset>.Empty;

    /// <summary>How far clocks may be from each other.</summary>
    public required TimeSpan Most { get; init; }

    /// <summary>Some other site agreed with this clock since it last jumped.</summary>
    public bool Confirmed { get; init; }
}

/// <summary>Whether a site may believe its clock. Pure.</summary>
public static class ClockRules
{
    /// <summary>How far behind the last stamp a clock may be.</summary>
    public static readonly TimeSpan Behind = TimeSpan.FromHours(1);

    /// <summary>A larger step, against monotonic time, is a jump: what NTP does to a clock that runs is smaller.</summary>
    public static readonly TimeSpan Jump = TimeSpan.FromMinutes(5);

    /// <summary>How long before the program was built it may be: the day alone is known.</summary>
    private static readonly TimeSpan Older = TimeSpan.FromDays(1);

    private const string Meanwhile = "Until then nothing is added, described or moved here, and nothing is evicted, retired or ended; removals, restores and recalls go on.";

    /// <summary>
    /// Other sites outvote this one when more of them agree with each other than agree with it. As many against as for decide nothing by themselves: then a clock
    /// that jumped or is behind is not believed; one that some site agreed with before is; else the one that is ahead is not, because a stamp in the future does harm and one in the past does none.
    /// </summary>
    public static ClockReading Judge(ClockEvidence e)
    {
        ArgumentNullException.ThrowIfNull(e);
        var heard = e.Peers.Where(p => e.Floors.GetValueOrDefault(p.Key) - p.Value <= e.Most).ToList();
        var jumped = (e.Clock - e.Steady).Duration() > Jump;
        var own = jumped ? e.Steady : e.Clock;
        if (e.Built - e.Clock > Older)
        {
            var reference = heard.Count > 0 ? ReferenceClock.LowerMedian(heard.Select(h => h.Value)) : own;
            return new(
                e.Clock,
                reference,
                heard.Count > 0 ? Later(reference, e.Most) : DateTimeOffset.MaxValue,
                $"The clock of this machine says {Text(e.Clock)} UTC, and this program was built on {e.Built:yyyy-MM-dd}{string.Concat(heard.Select(h => $"; {h.Key} says {Text(h.Value)}"))}. "
                + $"Set it right: NTP (timedatectl). {Meanwhile}",
                jumped && e.Built - e.Steady <= Older);
        }

        return heard.Count > 0 ? Compared(e, [.. heard], jumped, own) : Alone(e, jumped, own);
    }

    private static ClockReading Compared(ClockEvidence e, List<KeyValuePair<string, DateTimeOffset>> heard, bool jumped, DateTimeOffset own)
    {
        var agree = 1 + heard.Count(h => (h.Value - e.Clock).Duration() <= e.Most);
        var against = heard.Where(h => (h.Value - e.Clock).Duration() > e.Most).ToList();
        var rivals = against
            .Select(h => against.Where(o => (o.Value - h.Value).Duration() <= e.Most).ToList())
            .MaxBy(c => c.Count) ?? [];
        var doubted = rivals.Count > agree
            || (rivals.Count == agree && (jumped || IsBehind(e) || (!e.Confirmed && rivals.Any(r => e.Clock > r.Value))));
        var reference = doubted ? ReferenceClock.LowerMedian(jumped ? heard.Select(h => h.Value).Append(own) : heard.Select(h => h.Value))
            : rivals.Count == agree ? e.Clock
            : ReferenceClock.LowerMedian(heard.Select(h => h.Value).Append(e.Clock));
        return new(e.Clock, reference, Later(reference, e.Most), doubted
            ? $"The clock of this machine says {Text(e.Clock)} UTC, {string.Join(", ", heard.Select(h => $"{h.Key} says {Text(h.Value)}"))}"
                + $"{(jumped ? $"; by the time that has passed since it was last right it is {Text(e.Steady)} here" : "")}. Set right the one that is wrong: NTP (timedatectl). {Meanwhile}"
            : null,
            doubted && jumped);
    }

    private static ClockReading Alone(ClockEvidence e, bool jumped, DateTimeOffset own)
    {
        // A machine that starts with a dead clock and is set right later: what it was set to is more likely than what it began with.
        if (jumped && !IsMended(e))
        {
            return new(
                e.Clock,
                own,
                Later(own, Behind),
                $"The clock of this machine says {Text(e.Clock)} UTC; by the time that has passed since it was last right it is {Text(e.Steady)}, so it jumped. Set it right: NTP "
                + $"(timedatectl). If it is right as it is, restart the site (systemctl restart isocatalog). {Meanwhile}",
                Jumped: true);
        }

        return IsBehind(e)
            ? new(
                e.Clock,
                e.Clock,
                Later(e.Clock, Behind),
                $"The clock of this machine says {Text(e.Clock)} UTC, but '{e.Last!.Site}' signed an entry at {Text(At(e.Last.Ms))}. If the clock is wrong, set it right: NTP "
                + $"(timedatectl). If it is right, that entry is from the future; the holders of the root keys set it aside: isocatalog trust repair-clock {e.Last.Site}. {Meanwhile}")
            : ClockReading.Of(e.Clock);
    }

    /// <summary>The moment of a stamp; one that no calendar has is as late as can be.</summary>
    public static DateTimeOffset At(long ms) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(ms, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    /// <summary>Did the clock jump from what could not be to what can?</summary>
    public static bool IsMended(ClockEvidence e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return !IsBehind(e) && (e.Built - e.Steady > Older || IsBehind(e with { Clock = e.Steady }));
    }

    private static bool IsBehind(ClockEvidence e) => e.Last is { } last && At(last.Ms) - e.Clock > Behind;

    private static DateTimeOffset Later(DateTimeOffset moment, TimeSpan by) => DateTimeOffset.MaxValue - moment > by ? moment + by : DateTimeOffset.MaxValue;

    private static string Text(DateTimeOffset moment) => moment.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
