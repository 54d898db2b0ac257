using System.Net;
using Microsoft.Extensions.Primitives;

namespace IsoCatalog.Appliance.Access;

/// <summary>Where a request comes from.</summary>
internal static class ClientAddress
{
    private const int MaxHops = 32;

    /// <summary>IPv4 addresses that an IPv6 socket shows as ::ffff:a.b.c.d become what they are; scopes are dropped.</summary>
    public static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : address is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6, ScopeId: not 0 } ? new IPAddress(address.GetAddressBytes())
        : address;

    public static bool IsIn(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        var plain = Plain(address);
        foreach (var network in networks)
        {
            if (network.Contains(plain))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The client as the trusted proxies say: X-Forwarded-For read from its end, as long as who wrote the next entry is trusted.
    /// An entry that is no address ends the walk at the proxy that passed it on.</summary>
    public static IPAddress Of(IPAddress remote, StringValues forwardedFor, IReadOnlyList<IPNetwork> trustedProxies)
    {
        var client = Plain(remote);
        if (trustedProxies.Count == 0 || forwardedFor.Count == 0)
        {
            return client;
        }

        var hops = string.Join(',', forwardedFor.ToArray()).Split(',', StringSplitOptions.TrimEntries);
        for (var i = hops.Length - 1; i >= 0 && i >= hops.Length - MaxHops && IsIn(trustedProxies, client); i--)
        {
            if (!TryParse(hops[i], out var hop))
            {
                break;
            }

            client = Plain(hop);
        }

        return client;
    }

    // Some proxies add the port.
    private static bool TryParse(string hop, out IPAddress address)
    {
        address = IPAddress.None;
        if (hop.Length is 0 or > 64 || !IPEndPoint.TryParse(hop, out var endpoint))
        {
            return false;
        }

        address = endpoint.Address;
        return true;
    }
}
