using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Api;

/// <summary>Every active site of the fleet as this one sees it. Pure.</summary>
internal static class SiteStandings
{
    private const string Ok = "ok";
    private const string Late = "late";
    private const string Unknown = "unknown";

    /// <param name="links">Null at a site that exchanges nothing.</param>
    /// <param name="freeBytes">Of this site's data folder.</param>
    /// <returns>This site first, then the others in the order of their ids.</returns>
    public static IReadOnlyList<SiteStanding> Of(
        SiteView view, FleetSnapshot fleet, IReadOnlyList<PeerStatus>? links, long freeBytes, DateTimeOffset now)
    {
        var wanted = view.Catalog.Live.Where(i => view.IsWanted(i.Id)).ToList();
        var heads = fleet.Sites.Where(s => s.Value.Head is not null).ToDictionary(s => s.Key, s => s.Value.Head!, StringComparer.Ordinal);
        return
        [
            Own(view, fleet, wanted, heads, freeBytes),
            .. view.Others.Values.OrderBy(o => o.Site, StringComparer.Ordinal).Select(o => Other(
                o, fleet.Sites.GetValueOrDefault(o.Site)?.Holdings?.Holdings, wanted, heads, Link(links, o.Site), now)),
        ];
    }

    private static SiteStanding Own(
        SiteView view, FleetSnapshot fleet, List<CatalogImage> wanted, Dictionary<string, DocumentHead> heads, long freeBytes) => new(
        fleet.Site,
        Self: true,
        Ok,
        Heard: null,
        Age: null,
        fleet.TrustVersion,
        [
            .. view.Surfaces.Select(s => new SurfaceStanding(
                s.Name, s.Kind, s.Group, wanted.Count(i => view.IsAvailable(i.Id, s)), wanted.Count, s.ProblemCode, s.ProblemSince)),
        ],
        freeBytes,
        view.Store.Values.Count(f => f is StoreFile.Present),
        wanted.Count(i => view.FileOf(i) is not StoreFile.Present),
        KnownElsewhere(view, fleet).Count(k => !(heads.TryGetValue(k.Key, out var here) && here.Ref.IsAtLeast(k.Value))),
        Head(heads.GetValueOrDefault(fleet.Site)),
        Link: null);

    private static SiteStanding Other(
        OtherSite other, Holdings? said, List<CatalogImage> wanted, Dictionary<string, DocumentHead> heads, SiteLink link, DateTimeOffset now)
    {
        var head = Head(heads.GetValueOrDefault(other.Site));
        return other.Surfaces is not { } surfaces || said is null
            ? new SiteStanding(other.Site, false, Unknown, null, null, null, [], null, null, null, null, head, link)
            : new SiteStanding(
                other.Site,
                Self: false,
                other.IsFresh(now) ? Ok : Late,
                other.Heard,
                Math.Round(Math.Max(0, (now - other.Heard).TotalSeconds), 1),
                said.Trust.Version,
                [
                    .. surfaces.Select(s => new SurfaceStanding(
                        s.Name, s.Kind, s.Group, wanted.Count(i => other.IsAvailable(i.Id, s)), wanted.Count, s.Problem, s.ProblemSince)),
                ],
                said.Store.Free,
                other.Stored.Count,
                wanted.Count(i => !other.Stored.Contains(i.Id)),
                heads.Count(h => !(said.Catalog.TryGetValue(h.Key, out var there) && there.IsAtLeast(h.Value.Ref))),
                head,
                link);
    }

    /// <summary>The newest document of each site that any other one says to have.</summary>
    private static Dictionary<string, DocumentRef> KnownElsewhere(SiteView view, FleetSnapshot fleet) => view.Others.Values
        .Where(o => o.Surfaces is not null)
        .SelectMany(o => fleet.Sites.GetValueOrDefault(o.Site)?.Holdings?.Holdings.Catalog ?? new Dictionary<string, DocumentRef>())
        .GroupBy(c => c.Key, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => g.Select(c => c.Value).Max()!, StringComparer.Ordinal);

    /// <summary>Two documents at one place of the count are a fork, and none of them is behind the other.</summary>
    private static bool IsAtLeast(this DocumentRef one, DocumentRef other) => (one.Epoch, one.Seq).CompareTo((other.Epoch, other.Seq)) >= 0;

    private static CatalogHead? Head(DocumentHead? head) => head is null ? null : new CatalogHead(head.Ref.Epoch, head.Ref.Seq, head.Issued);

    private static SiteLink Link(IReadOnlyList<PeerStatus>? links, string site) =>
        links is null ? new SiteLink(null, null, null, "This site has no listen.fleet, so it exchanges nothing.", null, null, null, null)
        : links.FirstOrDefault(l => l.Site == site) is not { } link
            ? new SiteLink(null, null, null, $"Neither peers nor the trust document says where {site} is; what it says comes through other sites.", null, null, null, null)
        : new SiteLink(
            link.Address,
            link.ReachableSince,
            link.LastExchange,
            link.Error,
            link.ErrorCode,
            link.ErrorSince,
            link.RoundTrip?.TotalSeconds,
            link.ClockOffset?.TotalSeconds);
}
