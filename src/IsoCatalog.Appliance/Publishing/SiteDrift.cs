using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Which other sites are not as they should be. Pure.</summary>
internal static class SiteDrift
{
    public const string DocumentsRefused = "documents-refused";

    /// <summary>Each site asks each other several times in it.</summary>
    private static readonly TimeSpan OneWay = TimeSpan.FromMinutes(3);

    /// <param name="peers">How this site reaches them.</param>
    /// <param name="started">When this site was started: others need a moment to be heard.</param>
    public static IEnumerable<DriftView> Of(SiteView view, IReadOnlyList<PeerStatus> peers, DateTimeOffset started, DateTimeOffset now) =>
        view.Others.Values.Where(o => now - started >= OtherSite.Fresh && now - o.Heard > OtherSite.Fresh)
            .OrderBy(o => o.Site, StringComparer.Ordinal)
            .Select(o => Late(o, peers.FirstOrDefault(p => p.Site == o.Site)))
            .Concat(peers.Where(p => now - p.ErrorSince > OneWay && !IsLate(view, p.Site, started, now)).Select(Unreachable))
            .Concat(peers.Where(p => now - p.ReachableSince > OneWay && now - p.LastCall > OneWay).Select(CannotCall))
            .Concat(peers.SelectMany(p => p.Refusals.Where(r => r.Value.IsRecent(now)).Select(r => Refused(p.Site, r.Key, r.Value))))
            .Concat(peers.SelectMany(p => p.Relayed.Where(r => r.Value.IsRecent(now)).Select(r => (p.Site, r.Key, r.Value)))
                .GroupBy(r => r.Key).Select(g => g.MinBy(r => r.Value.Since)).Select(r => Relayed(r.Site, r.Key.Signer, r.Key.Rule, r.Value)));

    private static bool IsLate(SiteView view, string site, DateTimeOffset started, DateTimeOffset now) =>
        now - started >= OtherSite.Fresh && view.Others.GetValueOrDefault(site) is { } other && now - other.Heard > OtherSite.Fresh;

    private static DriftView Unreachable(PeerStatus peer) => new(
        ReasonCode.PeerUnreachable,
        $"{peer.Site} cannot be reached from here, though it is heard of through others: {peer.Error} What is new there comes here late, and images come from fewer places.",
        null,
        null,
        peer.ErrorSince!.Value,
        peer.Site);

    private static DriftView CannotCall(PeerStatus peer) => new(
        ReasonCode.PeerCannotCall,
        $"{peer.Site} answers this site and does not call it: what is new on either side comes late to the other. See `isocatalog status` there for why; often a firewall or an address "
        + "of this site that is not reachable from there (listen.fleet, and the address in the trust document).",
        null,
        null,
        peer.LastCall!.Value,
        peer.Site);

    private static DriftView Late(OtherSite other, PeerStatus? peer) => new(
        ReasonCode.SiteLate,
        $"Nothing is heard of {other.Site}, so it is not known what can be mounted there. "
        + (peer?.Error ?? (peer?.ReachableSince is null
            ? "No way to it is known; look at its machine and at 'isocatalog status' there."
            : "It answers, but does not say what it has: look at its log and its clock.")),
        null,
        null,
        other.Heard,
        other.Site);

    private static DriftView Refused(string site, string rule, RuleRefusals refusals) => new(
        DocumentsRefused,
        $"{site} offers what breaks rule {rule} of docs/catalog-format.md and was refused, {refusals.Count} times since the start. The last: {refusals.Words} "
        + "Compare the versions of both sites; if they are the same, find out who has that site's key.",
        null,
        null,
        refusals.Since,
        site);

    private static DriftView Relayed(string by, string signer, string rule, RuleRefusals refusals) => new(
        DocumentsRefused,
        $"{signer} signed what breaks rule {rule} of docs/catalog-format.md; {by}, which handed it on, has no part in that. It was refused. The last: {refusals.Words} "
        + $"Compare the versions of this site and {signer}; if they are the same, find out who has the key of {signer}.",
        null,
        null,
        refusals.Since,
        signer);
}
