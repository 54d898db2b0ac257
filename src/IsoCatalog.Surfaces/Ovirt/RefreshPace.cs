namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// When an engine may be made to list its domain anew. Each refresh takes one of <see cref="Burst"/> permits, and one comes back in each distance: the first
/// after a quiet time need not wait, whatever the routine did just before; nobody waits longer than the distance; and in a time of n distances at most
/// n + <see cref="Burst"/> begin, whoever asks. Pure; a change makes a new one.
/// </summary>
/// <param name="Distance">Between two refreshes, where many are wanted.</param>
internal readonly record struct RefreshPace(TimeSpan Distance)
{
    /// <summary>One for what happens by itself, such as the look at a start, and one for what somebody published right after it.</summary>
    public const int Burst = 2;

    /// <summary>When every permit is back.</summary>
    private DateTimeOffset Full { get; init; }

    /// <summary>How long the next has to wait; not longer than the distance.</summary>
    public TimeSpan Wait(DateTimeOffset now)
    {
        var wait = Full - now - ((Burst - 1) * Distance);

        // A clock that was set back since is no reason to wait until it is there again.
        return wait > TimeSpan.Zero && wait <= Distance ? wait : TimeSpan.Zero;
    }

    /// <summary>After a refresh that begins now.</summary>
    public RefreshPace Began(DateTimeOffset now)
    {
        var kept = now + ((Burst - 1) * Distance);
        return this with { Full = (Full < now ? now : Full > kept ? kept : Full) + Distance };
    }
}
