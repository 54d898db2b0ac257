using System.Net.Sockets;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Sync;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Core.Trust;
using Microsoft.AspNetCore.Connections.Features;

namespace IsoCatalog.Appliance.Api;

/// <summary>The other sites of the fleet, as this one sees them.</summary>
internal static class PeerEndpoints
{
    private const int MostPeers = 200;

    public static void Map(RouteGroupBuilder api)
    {
        var peers = api.MapGroup("/peers").WithTags("operator");
        peers.MapGet("", Get).RequireRole(Role.Operator).WithSummary("How it stands with each other site").Produces<PeerList>();
        peers.MapPut("", Replace).RequireRole(Role.Admin)
            .WithSummary("Ask the other sites at these addresses, until the next start; only over the socket").Produces<PeerList>().Refuses(400, 403);
        api.MapPost("/trust", AddTrustAsync).WithTags("operator").RequireRole(Role.Admin)
            .Accepts<PeerSetting>("application/octet-stream")
            .WithSummary("Take the next version of the trust document: a DSSE envelope; only over the socket").Produces<PeerList>().Refuses(400, 403, 422);
    }

    private static IResult Get(SiteLedger ledger, FleetParts parts)
    {
        var (fleet, peers) = (ledger.Fleet, parts.Peers);
        var statuses = (parts.Exchange?.Peers ?? []).ToDictionary(p => p.Site, StringComparer.Ordinal);
        return TypedResults.Json(
            new PeerList(
                fleet.Site,
                fleet.Fleet.ToString(),
                fleet.TrustVersion,
                fleet.TrustHash,
                [.. peers.Effective(fleet).Select(p => View(p, statuses.GetValueOrDefault(p.Site)))]),
            ApiJson.Readable.PeerList);
    }

    private static IResult Replace(HttpContext http, PeerSetting setting, SiteLedger ledger, FleetParts parts)
    {
        if (SocketOnly(http) is { } refused)
        {
            return refused;
        }

        var list = new List<PeerConfiguration>();
        foreach (var peer in setting.Peers)
        {
            if (!SiteId.IsValid(peer.Site) || peer.Site == ledger.Fleet.Site || list.Any(p => p.Site == peer.Site) || list.Count >= MostPeers)
            {
                return SiteApi.Refused(new Refusal(
                    RefusalCode.InvalidRequest, $"'{peer.Site}' is no other site's id, or stands there twice, or there are more than {MostPeers} peers."));
            }

            if (FleetPeers.EndPoint(peer.Fleet) is not { } fleet || FleetPeers.EndPoint(peer.Swarm) is not { } swarm)
            {
                return SiteApi.Refused(new Refusal(
                    RefusalCode.InvalidRequest, $"The addresses of {peer.Site} must be host:port, such as nyc.example.com:58888."));
            }

            list.Add(new PeerConfiguration(peer.Site, fleet, swarm));
        }

        parts.Peers.Replace(list);
        return Get(ledger, parts);
    }

    private static async Task<IResult> AddTrustAsync(HttpContext http, SiteLedger ledger, DocumentBook documents, FleetParts parts, CancellationToken cancellationToken)
    {
        if (SocketOnly(http) is { } refused)
        {
            return refused;
        }

        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, cancellationToken);
        return documents.AdmitTrust(body.ToArray(), late: false).Violation is { } violation
            ? SiteApi.Refused(new Refusal(RefusalCode.TrustRefused, violation.ToString()))
            : Get(ledger, parts);
    }

    private static IResult? SocketOnly(HttpContext http) =>
        http.Features.Get<IConnectionSocketFeature>()?.Socket.AddressFamily == AddressFamily.Unix
            ? null
            : SiteApi.Refused(new Refusal(RefusalCode.SocketOnly, "This is done on the site's own machine alone, through its Unix socket."));

    private static PeerView View(PeerConfiguration peer, PeerStatus? status) => new(
        peer.Site,
        $"{peer.Fleet.Host}:{peer.Fleet.Port}",
        $"{peer.Swarm.Host}:{peer.Swarm.Port}",
        status?.ReachableSince,
        status?.LastExchange,
        status is null ? "This site has no listen.fleet, so it exchanges nothing." : status.Error,
        status?.ErrorCode,
        status?.ErrorSince,
        status?.ClockOffset?.TotalSeconds,
        status?.RoundTrip?.TotalSeconds,
        status?.TrustVersion,
        status?.Received ?? 0,
        status?.Sent ?? 0,
        status?.Refusals.ToDictionary(r => r.Key, r => r.Value.Count, StringComparer.Ordinal) ?? [],
        status?.LastRefusal);
}
