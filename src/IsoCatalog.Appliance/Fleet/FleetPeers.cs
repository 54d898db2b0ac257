using System.Globalization;
using System.Net;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Core.Connections;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>
/// Which sites are asked, and where. What the configuration says goes first; a site of the trust document that it does not name is asked where the trust
/// document says. Nothing is discovered. Thread-safe.
/// </summary>
internal sealed class FleetPeers(string site, IReadOnlyList<PeerConfiguration> configured)
{
    private volatile IReadOnlyList<PeerConfiguration> _configured = configured;

    public IReadOnlyList<PeerConfiguration> Configured => _configured;

    /// <summary>Called after <see cref="Replace"/>; must not wait.</summary>
    public Action? Replaced { get; set; }

    /// <summary>Until the next start, these stand in the place of those of the configuration.</summary>
    public void Replace(IReadOnlyList<PeerConfiguration> peers)
    {
        _configured = peers;
        Replaced?.Invoke();
    }

    /// <summary>Every peer by now, in the order of their ids.</summary>
    public IReadOnlyList<PeerConfiguration> Effective(FleetSnapshot fleet)
    {
        var peers = _configured.ToDictionary(p => p.Site, StringComparer.Ordinal);
        foreach (var (other, address) in fleet.ActiveSites)
        {
            if (other != site && address is not null && !peers.ContainsKey(other)
                && EndPoint(address.Fleet) is { } fleetAddress && EndPoint(address.Swarm) is { } swarm)
            {
                peers.Add(other, new PeerConfiguration(other, fleetAddress, swarm));
            }
        }

        return [.. peers.Values.OrderBy(p => p.Site, StringComparer.Ordinal)];
    }

    /// <summary>Whether a peer is asked at this address, as far as the peers are known by addresses and not by names.</summary>
    public bool AreAt(IPAddress address, FleetSnapshot fleet) =>
        Effective(fleet).Any(peer => IPAddress.TryParse(peer.Fleet.Host, out var named) && HostAddress.Plain(named).Equals(HostAddress.Plain(address)));

    /// <summary><c>host:port</c>, IPv6 addresses in brackets; null for anything else, and for port 0.</summary>
    public static DnsEndPoint? EndPoint(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            return null;
        }

        var host = text[..colon];
        return host is ['[', .. var inner, ']'] && IPAddress.TryParse(inner, out var six) ? new DnsEndPoint(six.ToString(), port)
            : Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 ? new DnsEndPoint(host, port)
            : null;
    }
}
