using System.Net;
using IsoCatalog.Core.Connections;
using Microsoft.Extensions.Primitives;

namespace IsoCatalog.Appliance.Access;

/// <summary>Where a request comes from.</summary>
internal static class ClientAddress
{
    private const int MaxHops = 32;

    public static bool IsIn(IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        var plain = HostAddress.Plain(address);
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
        var client = HostAddress.Plain(remote);
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

            client = HostAddress.Plain(hop);
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
