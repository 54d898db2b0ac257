using System.Collections.Frozen;
using System.Collections.Immutable;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Trust;

/// <summary>
/// The trust documents of a fleet from the first one that was believed to the newest. Pure and immutable: it is offered envelopes and answers with a new chain or
/// with the reason. Follows the root update of TUF 1.0.34 section 5.3, without its clock: an expired document is still a link.
/// </summary>
public sealed class TrustChain
{
    /// <summary>Versions that one chain may have.</summary>
    public const int MaxLength = 4096;

    private readonly Lazy<FrozenSet<string>> _tlsKeys;

    private TrustChain(ImmutableArray<TrustLink> links, TrustSplit? split)
    {
        Links = links;
        Split = split;
        Speakers = new SpeakerIndex(Newest);
        _tlsKeys = new(() => links.SelectMany(l => l.Document.Sites.Values.SelectMany(s => s.Keys).Where(k => l.Document.Keys[k].Use == KeyUse.Tls)).ToFrozenSet(StringComparer.Ordinal));
    }

    /// <summary>Every version that was accepted, oldest first; all are kept and served, so that others can follow.</summary>
    public ImmutableArray<TrustLink> Links { get; }

    public TrustLink Newest => Links[^1];

    public TrustDocument Current => Newest.Document;

    public RandomId Fleet => Current.Fleet;

    /// <summary>Not null: the root keys have signed two documents of one version. The first is kept, and no version follows but one that ends the split.</summary>
    public TrustSplit? Split { get; }

    /// <summary>Who may speak for which site under <see cref="Current"/>.</summary>
    public SpeakerIndex Speakers { get; }

    /// <summary>Begins a chain with the version 1 of a fleet.</summary>
    /// <param name="first">Envelope.</param>
    /// <param name="pinned">SHA-256 of its payload, learned out of band; null when this very machine created it.</param>
    public static TrustOutcome Begin(ReadOnlySpan<byte> first, Sha256Digest? pinned)
    {
        if (!TrustLink.TryRead(first, out var link, out var violation))
        {
            return new TrustOutcome.Refused(violation);
        }

        if (link.Document.Version != 1 || (pinned is not null && pinned != link.Sha256))
        {
            return Refused(
                Rules.TrustFirst,
                $"This is not the trust document that the fleet begins with: version {link.Document.Version}, {link.Sha256}. Ask the operator for a new join file.");
        }

        return link.IsSignedBy(link)
            ? new TrustOutcome.Accepted(new TrustChain([link], null), TrustChange.Between(null, link.Document))
            : Refused(Rules.TrustNewRoots, "The first trust document is not signed by enough of its own root keys.");
    }

    /// <summary>Begins a chain with version 1 and follows it; used at start, with the files of this site, and when joining.</summary>
    /// <param name="envelopes">From version 1 on.</param>
    /// <param name="pinned">The version that the last one must be; null when the files are this site's own.</param>
    public static TrustOutcome Follow(IEnumerable<ReadOnlyMemory<byte>> envelopes, TrustRef? pinned)
    {
        TrustOutcome? outcome = null;
        foreach (var envelope in envelopes)
        {
            outcome = outcome is TrustOutcome.Accepted { Chain: var chain } ? chain.Offer(envelope.Span) : Begin(envelope.Span, null);
            if (outcome is not TrustOutcome.Accepted)
            {
                return outcome;
            }
        }

        return outcome is TrustOutcome.Accepted accepted && (pinned is null || accepted.Chain.Newest.Ref == pinned)
            ? outcome
            : Refused(Rules.TrustFirst, "The trust documents do not end with the one that was pinned. Ask the operator for a new join file.");
    }

    /// <summary>Has a site ever had this TLS key, under any version? SHA-256 of its SubjectPublicKeyInfo, lowercase hex.</summary>
    public bool WasOfASite(string spki) => _tlsKeys.Value.Contains(spki);

    /// <summary>Has a root key of any version signed the envelope? Asked before a stranger's is read any further. It counts for nothing else.</summary>
    public bool IsByARoot(ReadOnlySpan<byte> envelopeJson)
    {
        if (!Envelope.TryParse(envelopeJson, TrustLink.MaxBytes, out var envelope, out _))
        {
            return false;
        }

        var roots = Links.SelectMany(l => l.Document.Root.Keys.Select(kid => KeyValuePair.Create(kid, l.Keys[kid]))).DistinctBy(r => r.Key).ToDictionary(StringComparer.Ordinal);
        var hinted = envelope.Signatures.Select(s => s.KeyId).Where(roots.ContainsKey).Distinct(StringComparer.Ordinal);
        return hinted.Any(kid => roots[kid].Opens(envelope, TrustDocument.PayloadType));
    }

    /// <summary>Offers an envelope. The chain itself does not change.</summary>
    public TrustOutcome Offer(ReadOnlySpan<byte> envelope)
    {
        if (!TrustLink.TryRead(envelope, out var link, out var violation))
        {
            return new TrustOutcome.Refused(violation);
        }

        var document = link.Document;
        if (document.Fleet != Fleet)
        {
            return Refused(Rules.TrustFleet, $"The trust document belongs to the fleet {document.Fleet}; this is {Fleet}.");
        }

        if (document.Version > Current.Version + 1)
        {
            return new TrustOutcome.Ahead(Current.Version + 1, document.Version - 1);
        }

        if (document.Version == Current.Version + 1)
        {
            return Split is null ? Next(link) : Ending(link, Split);
        }

        var first = Links[0].Document.Version;
        if (document.Version < first || Links[(int)(document.Version - first)].Sha256 == link.Sha256)
        {
            return new TrustOutcome.Known();
        }

        return Other(link, (int)(document.Version - first));
    }

    private TrustOutcome Next(TrustLink link)
    {
        if (Links.Length >= MaxLength)
        {
            return Refused(Rules.TrustGap, $"The chain has {MaxLength} versions; begin a new fleet.");
        }

        if (link.Document.Prev != Newest.Sha256)
        {
            return Refused(
                Rules.TrustPrev,
                $"The trust document {link.Document.Version} follows another version {Current.Version} than the one here ({Newest.Sha256}). "
                + "Compare the trust documents of the sites: isocatalog trust show.");
        }

        if (!link.IsSignedBy(Newest))
        {
            return Refused(
                Rules.TrustOldRoots,
                $"The trust document {link.Document.Version} is signed by {link.SignaturesOf(Newest)} of the root keys of version {Current.Version}; "
                + $"{Current.Root.Threshold} are needed.");
        }

        return link.IsSignedBy(link)
            ? Extended(Links.Add(link))
            : Refused(
                Rules.TrustNewRoots,
                $"The trust document {link.Document.Version} is signed by {link.SignaturesOf(link)} of its own root keys; {link.Document.Root.Threshold} are needed.");
    }

    /// <summary>A second document of a version that is known. Only one that the root keys really signed is worth an alarm.</summary>
    private TrustOutcome Other(TrustLink link, int at)
    {
        var roots = at == 0 ? link : Links[at - 1];
        if (link.Document.Prev != Links[at].Document.Prev || !link.IsSignedBy(roots) || !link.IsSignedBy(link) || (at == 0 && !link.IsSignedBy(Links[0])))
        {
            return Refused(
                Rules.TrustFork, $"Another trust document {link.Document.Version} than the one here ({Links[at].Sha256}), and not signed by enough root keys.");
        }

        return Split is not null || at < Links.Length - 1
            ? new TrustOutcome.Forked(this, new TrustSplit(Links[at], link))
            : new TrustOutcome.Forked(new TrustChain(Links, new TrustSplit(Links[at], link)), new TrustSplit(Links[at], link));
    }

    /// <summary>Recovery from a split: a version that names the chosen one, signed by enough keys of the last version that both share.</summary>
    private TrustOutcome Ending(TrustLink link, TrustSplit split)
    {
        var chosen = link.Document.Prev == split.Kept.Sha256 ? split.Kept : link.Document.Prev == split.Other.Sha256 ? split.Other : null;
        var common = Links.Length > 1 ? Links[^2] : null;
        if (chosen is null || common is null || !link.IsSignedBy(common) || !link.IsSignedBy(link))
        {
            return Refused(
                Rules.TrustFork,
                $"There are two trust documents {Current.Version}. The next one must name the one that counts and be signed by the root keys of version {Current.Version - 1}.");
        }

        return Extended(Links.SetItem(Links.Length - 1, chosen).Add(link));
    }

    private TrustOutcome.Accepted Extended(ImmutableArray<TrustLink> links) =>
        new(new TrustChain(links, null), TrustChange.Between(Current, links[^1].Document));

    private static TrustOutcome.Refused Refused(string rule, string message) => new(new RuleViolation(rule, message));
}

/// <summary>Two documents of one version, both signed by enough root keys: proof that root keys were misused.</summary>
public sealed record TrustSplit(TrustLink Kept, TrustLink Other);
