namespace IsoCatalog.Core.Trust;

/// <summary>What became of an offered trust document.</summary>
public abstract record TrustOutcome
{
    private TrustOutcome()
    {
    }

    /// <param name="Chain">With the new version as its newest; to be stored before it is acted on.</param>
    public sealed record Accepted(TrustChain Chain, TrustChange Change) : TrustOutcome;

    /// <summary>Nothing new: this version, or an older one, is there already.</summary>
    public sealed record Known : TrustOutcome;

    /// <summary>Versions in between are missing; fetch them first, then offer this one again.</summary>
    public sealed record Ahead(long From, long To) : TrustOutcome;

    /// <summary>Root keys signed two documents of one version: an alarm. <paramref name="Chain"/> keeps the first and remembers the other.</summary>
    public sealed record Forked(TrustChain Chain, TrustSplit Split) : TrustOutcome;

    public sealed record Refused(RuleViolation Violation) : TrustOutcome;
}
