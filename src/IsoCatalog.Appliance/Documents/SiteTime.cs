namespace IsoCatalog.Appliance.Documents;

/// <summary>
/// The time that everything at a site goes by: this machine's clock, but for its jumps. While the clock is far from where monotonic time says that it must be, this goes on
/// as monotonic time does, until the clock is back or is believed (<see cref="Follow"/>). So a pause, the age of a file and the rest of a lease are what they were,
/// whatever the clock was set to. Timers wait for as long as a timer can, never too long for one. Thread-safe.
/// </summary>
internal sealed class SiteTime(TimeProvider clock, TimeSpan jump) : TimeProvider
{
    /// <summary>What a timer can wait for, nearly (2^32 - 2 ms); whoever is woken early looks at what it waited for.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(49);

    /// <summary>Differences below this are no reason to write it down.</summary>
    private static readonly TimeSpan Small = TimeSpan.FromSeconds(1);

    private Anchor _anchor = new(clock.GetUtcNow(), clock.GetTimestamp());

    /// <summary>What this machine's clock says, right or wrong.</summary>
    public DateTimeOffset Clock => clock.GetUtcNow();

    /// <summary>What the machine's clock says, whichever time it is that something goes by.</summary>
    public static DateTimeOffset ClockOf(TimeProvider time) => time is SiteTime site ? site.Clock : time.GetUtcNow();

    public override TimeZoneInfo LocalTimeZone => clock.LocalTimeZone;

    public override long TimestampFrequency => clock.TimestampFrequency;

    /// <summary>The clock was looked at and is believed: time goes by it from here on.</summary>
    public void Follow() => Volatile.Write(ref _anchor, new Anchor(clock.GetUtcNow(), clock.GetTimestamp()));

    public override DateTimeOffset GetUtcNow()
    {
        var (now, timestamp, anchor) = (clock.GetUtcNow(), clock.GetTimestamp(), Volatile.Read(ref _anchor));
        var steady = anchor.Clock + clock.GetElapsedTime(anchor.Timestamp, timestamp);
        var off = (now - steady).Duration();
        if (off > jump)
        {
            return steady;
        }

        if (off > Small)
        {
            Interlocked.CompareExchange(ref _anchor, new Anchor(now, timestamp), anchor);
        }

        return now;
    }

    public override long GetTimestamp() => clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        clock.CreateTimer(callback, state, Waitable(dueTime), Waitable(period));

    private static TimeSpan Waitable(TimeSpan wait) => wait > LongestWait ? LongestWait : wait;

    private sealed record Anchor(DateTimeOffset Clock, long Timestamp);
}
