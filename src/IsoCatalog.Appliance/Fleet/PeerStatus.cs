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

    /// <summary>When it last asked or told this site something by itself, or was first looked at.</summary>
    public DateTimeOffset? LastCall { get; init; }

    /// <summary>Its clock minus ours, when it last answered.</summary>
    public TimeSpan? ClockOffset { get; init; }

    public TimeSpan? RoundTrip { get; init; }

    public long? TrustVersion { get; init; }

    /// <summary>Bytes of bodies.</summary>
    public long Received { get; init; }

    public long Sent { get; init; }

    /// <summary>Documents, chunks, holdings and trust versions of it that were refused, by the rule.</summary>
    public ImmutableSortedDictionary<string, RuleRefusals> Refusals { get; init; } = ImmutableSortedDictionary<string, RuleRefusals>.Empty;

    /// <summary>What it only handed on, and the site that is named signed.</summary>
    public ImmutableSortedDictionary<(string Signer, string Rule), RuleRefusals> Relayed { get; init; } =
        ImmutableSortedDictionary<(string, string), RuleRefusals>.Empty;

    public string? LastRefusal { get; init; }

    public PeerStatus WithRefusal(string rule, string words, DateTimeOffset now) => this with
    {
        Refusals = Refusals.SetItem(rule, RuleRefusals.After(Refusals.GetValueOrDefault(rule), words, now)),
        LastRefusal = words,
    };

    public PeerStatus WithRelayed(string signer, string rule, string words, DateTimeOffset now) => this with
    {
        Relayed = Relayed.SetItem((signer, rule), RuleRefusals.After(Relayed.GetValueOrDefault((signer, rule)), words, now)),
        LastRefusal = words,
    };
}

/// <summary>What was refused of a site by one rule.</summary>
/// <param name="Count">Since the start.</param>
/// <param name="Since">The first of those that came close together.</param>
/// <param name="Words">About the last.</param>
internal sealed record RuleRefusals(long Count, DateTimeOffset Since, DateTimeOffset Last, string Words)
{
    /// <summary>What a peer goes on offering is fetched and refused anew after ten minutes, or a retry of at most five later.</summary>
    private static readonly TimeSpan Recently = TimeSpan.FromMinutes(20);

    public static RuleRefusals After(RuleRefusals? before, string words, DateTimeOffset now) => before is null
        ? new RuleRefusals(1, now, now, words)
        : before with { Count = before.Count + 1, Since = before.IsRecent(now) ? before.Since : now, Last = now, Words = words };

    public bool IsRecent(DateTimeOffset now) => now - Last < Recently;
}
