using System.Collections.Immutable;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>How it stands with another site. Immutable.</summary>
internal sealed record PeerStatus(string Site, string Address)
{
    /// <summary>Since when it answers without a failure in between; null while it does not.</summary>
    public DateTimeOffset? ReachableSince { get; init; }

    /// <summary>When everything that it had was last seen to be here.</summary>
    public DateTimeOffset? LastExchange { get; init; }

    /// <summary>What is wrong, in words; null while nothing is.</summary>
    public string? Error { get; init; }

    /// <summary>One of <see cref="PeerFault"/>, in lower case.</summary>
    public string? ErrorCode { get; init; }

    public DateTimeOffset? ErrorSince { get; init; }

    /// <summary>Its clock minus ours, when it last answered.</summary>
    public TimeSpan? ClockOffset { get; init; }

    public TimeSpan? RoundTrip { get; init; }

    public long? TrustVersion { get; init; }

    /// <summary>Bytes of bodies.</summary>
    public long Received { get; init; }

    public long Sent { get; init; }

    /// <summary>How many documents, chunks, holdings and trust versions of it were refused, by the rule.</summary>
    public ImmutableSortedDictionary<string, long> Refused { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    public string? LastRefusal { get; init; }
}
