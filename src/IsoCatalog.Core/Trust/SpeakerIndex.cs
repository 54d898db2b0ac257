using System.Collections.Frozen;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Trust;

/// <summary>Which key may speak for which site under one trust document. Immutable, thread-safe.</summary>
public sealed class SpeakerIndex
{
    /// <summary>An envelope of more signatures must say which keys they are by: trying all with all would be work that anybody can ask for.</summary>
    private const int MaxUnhinted = 2;

    private readonly TrustLink _trust;
    private readonly FrozenDictionary<string, string> _sites;
    private readonly FrozenDictionary<string, string> _pins;
    private readonly FrozenDictionary<string, FrozenSet<Sha256Digest>> _kept;

    internal SpeakerIndex(TrustLink trust)
    {
        _trust = trust;
        var document = trust.Document;
        _sites = document.Sites
            .SelectMany(s => s.Value.Keys.Where(k => document.Keys[k].Use == KeyUse.Sign).Concat(s.Value.Past.Select(p => p.Kid)).Distinct(StringComparer.Ordinal)
                .Select(k => KeyValuePair.Create(k, s.Key)))
            .ToFrozenDictionary(StringComparer.Ordinal);
        _pins = document.Sites.Where(s => s.Value.Status == SiteStatus.Active)
            .SelectMany(s => s.Value.Keys.Where(k => document.Keys[k].Use == KeyUse.Tls).Select(k => KeyValuePair.Create(k, s.Key)))
            .ToFrozenDictionary(StringComparer.Ordinal);
        _kept = document.Sites.Values.SelectMany(s => s.Past).Where(p => p.Mode == PastKey.KeepList)
            .GroupBy(p => p.Kid, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.SelectMany(p => p.Docs!).ToFrozenSet(), StringComparer.Ordinal);
    }

    /// <summary>The site that presents a TLS key with this SubjectPublicKeyInfo (SHA-256, lowercase hex), if it is an active one.</summary>
    public string? SiteOfTls(string spki) => _pins.GetValueOrDefault(spki);

    /// <summary>The pins of one site.</summary>
    public IEnumerable<string> TlsOf(string site) => _pins.Where(p => p.Value == site).Select(p => p.Key);

    /// <summary>The keys that may sign what a site says now; none for one that is not active.</summary>
    public IEnumerable<VerifyingKey> SignersOf(string site) =>
        _trust.Document.Sites.GetValueOrDefault(site) is { Status: SiteStatus.Active } s
            ? s.Keys.Where(k => _trust.Document.Keys[k].Use == KeyUse.Sign).Select(k => _trust.Keys[k])
            : [];

    /// <summary>Is it a key that its site may sign with now?</summary>
    public bool IsPresent(Speaker speaker)
    {
        ArgumentNullException.ThrowIfNull(speaker);
        return SignersOf(speaker.Site).Any(k => k.KeyId == speaker.Kid);
    }

    /// <summary>The site whose present or past key signed the envelope; null when none did. Says nothing about whether the document still counts.</summary>
    public Speaker? WhoSigned(Envelope envelope, string payloadType)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        var hints = envelope.Signatures.Select(s => s.KeyId).Where(_sites.ContainsKey).Distinct(StringComparer.Ordinal).ToList();
        var others = envelope.Signatures.Count <= MaxUnhinted ? _sites.Keys.Except(hints, StringComparer.Ordinal) : [];
        return hints.Concat(others)
            .Where(kid => _trust.Keys[kid].Opens(envelope, payloadType))
            .Select(kid => new Speaker(_sites[kid], kid))
            .FirstOrDefault();
    }

    /// <summary>Does a document of the site, signed by the key, count under this trust document? Null when it does. A pure function of the two.</summary>
    public RuleViolation? Objection(Speaker speaker, DocumentRef document)
    {
        ArgumentNullException.ThrowIfNull(speaker);
        ArgumentNullException.ThrowIfNull(document);
        if (_trust.Document.Sites.GetValueOrDefault(speaker.Site) is not { } site || _sites.GetValueOrDefault(speaker.Kid) != speaker.Site)
        {
            return new(Rules.ManifestKey, $"The key {speaker.Kid} does not speak for site '{speaker.Site}' under trust version {_trust.Document.Version}.");
        }

        if (site.Keys.Contains(speaker.Kid, StringComparer.Ordinal))
        {
            return site.Status != SiteStatus.Active
                ? new(Rules.ManifestKey, $"The site '{speaker.Site}' is {site.Status}; it has to join again with a new key.")
                : document.Epoch < site.MinEpoch
                    ? new(Rules.ManifestEpoch, $"Document {document.Epoch}/{document.Seq} of '{speaker.Site}' is of an epoch before {site.MinEpoch}.")
                    : null;
        }

        var counts = (_kept.TryGetValue(speaker.Kid, out var kept) && kept.Contains(document.Sha256))
            || site.Past.Any(p => p.Kid == speaker.Kid && p.Mode == PastKey.UpTo
                && ((document.Epoch, document.Seq).CompareTo((p.Epoch!.Value, p.Seq!.Value)) < 0 || document.Sha256 == p.Sha256));
        return counts
            ? null
            : new(Rules.ManifestPast, $"Document {document.Epoch}/{document.Seq} of '{speaker.Site}' is by a past key, and not among those that still count.");
    }

    /// <summary>What a site stamped later than these milliseconds, in documents of an earlier trust version than the repair, does not count; null when there is no such repair.</summary>
    /// <param name="version">The trust version that the document was signed under.</param>
    public long? SetAsideAbove(string site, long version) =>
        _trust.Document.Sites.GetValueOrDefault(site)?.ClockRepairs?.Where(r => version < r.Before).Min(r => (long?)r.Above);

    /// <summary>Documents of a site that a keep-list names: a replica that lacks one must fetch it by its hash.</summary>
    public IEnumerable<Sha256Digest> KeptOf(string site) =>
        _trust.Document.Sites.GetValueOrDefault(site) is { } s
            ? s.Past.SelectMany(p => p.Mode == PastKey.KeepList ? p.Docs! : [p.Sha256!.Value]).Distinct()
            : [];
}

/// <summary>A site and the key that it signed with.</summary>
public sealed record Speaker(string Site, string Kid);
