using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Swarm;

namespace IsoCatalog.Appliance.Sync;

/// <summary>What a site has towards the others.</summary>
/// <param name="Link">Null at a site that exchanges nothing.</param>
internal sealed record FleetParts(FleetPeers Peers, FleetLink? Link)
{
    public FleetExchange? Exchange => Link?.Exchange;
}

/// <summary>How a site exchanges documents and bytes with the others.</summary>
internal sealed record FleetLink(FleetExchange Exchange, SwarmEngine Swarm);
