namespace IsoCatalog.Testing.Wan;

/// <summary>What a link is like, the same in both directions.</summary>
/// <param name="Megabits">A second, of IP packets: 1,000 carry about 965 of TCP payload.</param>
/// <param name="OneWay">From the last bit of a packet to its arrival; a round trip takes twice as long.</param>
/// <param name="LossPercent">Of the packets, each on its own.</param>
public sealed record WanQuality(double Megabits, TimeSpan OneWay, double LossPercent = 0)
{
    /// <summary>How much may wait for the line before packets are dropped: by default a round trip, at least 10 ms.</summary>
    public TimeSpan Queue { get; init; } = TimeSpan.FromMilliseconds(Math.Max(10, 2 * OneWay.TotalMilliseconds));
}

/// <summary>What went into one direction of a link so far, in IP packets and bytes, and how many of the packets did not arrive.</summary>
/// <param name="Lost">By chance, or because the link was cut.</param>
/// <param name="Dropped">Because the queue was full.</param>
public sealed record WanTraffic(long Packets, long Bytes, long Lost, long Dropped);
