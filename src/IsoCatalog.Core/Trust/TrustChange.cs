namespace IsoCatalog.Core.Trust;

/// <summary>What differs between two versions, for those who must act on it.</summary>
/// <param name="TlsRemoved">Pins that count no more: connections that were opened with them are closed.</param>
/// <param name="TlsAdded">Pins that count from now on.</param>
/// <param name="SignersChanged">Sites whose signing keys, status or past changed: what they said is weighed anew.</param>
/// <param name="SitesAdded">New ids.</param>
/// <param name="SitesGone">Ids that are not listed, or not active, any more.</param>
public sealed record TrustChange(
    IReadOnlyList<SitePin> TlsRemoved,
    IReadOnlyList<SitePin> TlsAdded,
    IReadOnlyList<string> SignersChanged,
    IReadOnlyList<string> SitesAdded,
    IReadOnlyList<string> SitesGone)
{
    public static TrustChange Between(TrustDocument? before, TrustDocument after)
    {
        ArgumentNullException.ThrowIfNull(after);
        var (had, has) = (Pins(before), Pins(after));
        var (wereThere, areThere) = (Active(before), Active(after));
        return new TrustChange(
            [.. had.Except(has)],
            [.. has.Except(had)],
            [.. (before?.Sites.Keys ?? []).Union(after.Sites.Keys, StringComparer.Ordinal).Where(s => Voice(before, s) != Voice(after, s)).Order(StringComparer.Ordinal)],
            [.. areThere.Except(wereThere, StringComparer.Ordinal)],
            [.. wereThere.Except(areThere, StringComparer.Ordinal)]);
    }

    private static List<SitePin> Pins(TrustDocument? document) => document is null ? [] :
    [
        .. document.Sites.Where(s => s.Value.Status == SiteStatus.Active)
            .SelectMany(s => s.Value.Keys.Where(k => document.Keys[k].Use == KeyUse.Tls).Select(k => new SitePin(s.Key, k)))
            .OrderBy(p => p.Site, StringComparer.Ordinal).ThenBy(p => p.Spki, StringComparer.Ordinal),
    ];

    private static List<string> Active(TrustDocument? document) => document is null ? [] :
        [.. document.Sites.Where(s => s.Value.Status == SiteStatus.Active).Select(s => s.Key).Order(StringComparer.Ordinal)];

    /// <summary>Everything that decides which documents of a site count.</summary>
    private static string? Voice(TrustDocument? document, string site) =>
        document?.Sites.GetValueOrDefault(site) is not { } s ? null
        : string.Join(
            ' ',
            [
                s.Status, $"{s.MinEpoch}", .. s.Keys.Where(k => document.Keys[k].Use == KeyUse.Sign).Order(StringComparer.Ordinal),
                .. s.Past.Select(p => $"{p.Kid}:{p.Mode}:{p.Epoch}:{p.Seq}:{p.Sha256}:{string.Join(',', (p.Docs ?? []).Order())}"),
            ]);
}

/// <param name="Spki">SHA-256 of the TLS key's SubjectPublicKeyInfo, lowercase hex: the key id.</param>
public readonly record struct SitePin(string Site, string Spki);
