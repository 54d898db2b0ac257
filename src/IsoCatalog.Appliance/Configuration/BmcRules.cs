using System.Net;
using System.Net.Sockets;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>Can BMCs connect to the address that the URLs of a surface name, and does its list let them in from where they connect? Pure.</summary>
internal static class BmcRules
{
    private static readonly IPNetwork[] Loopback = [new(IPAddress.Parse("127.0.0.0"), 8), new(IPAddress.IPv6Loopback, 128)];
    private static readonly IPNetwork[] LinkLocal = [new(IPAddress.Parse("169.254.0.0"), 16), new(IPAddress.Parse("fe80::"), 10)];
    private static readonly IPNetwork Multicast = new(IPAddress.Parse("224.0.0.0"), 4);

    public static void Check(SiteConfiguration site, Problems problems)
    {
        foreach (var surface in site.Surfaces.OfType<SurfaceConfiguration.Ipmi>())
        {
            var (address, allow) = (surface.Place + ".address", surface.Place + ".allow");
            if (!problems.Sound(address, allow, "listen", "listen.iso", "listen.isoTls"))
            {
                continue;
            }

            if (surface.Allow.Count == 0)
            {
                problems.Warn(surface.Place, "No allow: its images have no standing URL, so a BMC needs a lease for each mount. Name the"
                    + " networks of the BMCs to change that.");
            }

            if (surface.Address is null)
            {
                ByTheListener(site.Listen, surface, allow, problems);
            }
            else if ((Against(surface.Address, surface.Allow) ?? Unheard(surface.Address, surface.Allow, site.Listen)) is { } wrong)
            {
                problems.Add(address, wrong);
            }
            else
            {
                Doubts(surface.Address, surface.Allow, address, allow, problems);
            }
        }
    }

    /// <summary>Why no BMC of these networks can mount what a URL with this address names; null when there is nothing against it.</summary>
    /// <param name="allow">Empty: by lease only, from wherever.</param>
    public static string? Against(IPAddress address, IReadOnlyList<IPNetwork> allow)
    {
        if (IPAddress.Any.Equals(address) || IPAddress.IPv6Any.Equals(address))
        {
            return $"{address} stands for all addresses of this machine, and no BMC can connect to it. Write the one that BMCs reach.";
        }

        if (address.IsIPv6Multicast || Multicast.Contains(address) || IPAddress.Broadcast.Equals(address))
        {
            return $"{address} is the address of no machine. Write the one of this machine that BMCs reach.";
        }

        if (address.IsIPv6LinkLocal)
        {
            return $"{address} holds on one link alone, and a URL cannot say on which. Write an address of this machine that BMCs reach without that.";
        }

        foreach (var (reach, who) in new[] { (Loopback, "this machine alone reaches"), (LinkLocal, "machines on the same link alone reach") })
        {
            if (reach.Any(network => network.Contains(address)) && allow.Where(network => !Within(network, reach)).ToList() is [var foreign, ..])
            {
                return $"{address} is an address that {who}: images would be listed as available, and no BMC in {foreign} could mount one. Write the address of this"
                    + " machine that BMCs reach, or remove the networks from allow.";
            }
        }

        return allow.Count > 0 && allow.All(network => network.BaseAddress.AddressFamily != address.AddressFamily)
            ? $"{address} is {Family(address)}, and allow names {Family(allow[0].BaseAddress)} networks alone: who connects to the one never comes from the other. Write an"
                + " address of the networks' kind, or networks of the address's."
            : null;
    }

    /// <summary>Why nobody listens at the address, or only for clients that are not let in.</summary>
    private static string? Unheard(IPAddress address, IReadOnlyList<IPNetwork> allow, ListenConfiguration listen)
    {
        foreach (var (key, at) in Listeners(listen))
        {
            if (at.Address.Equals(IPAddress.IPv6Any))
            {
                continue;
            }

            if (at.AddressFamily != address.AddressFamily)
            {
                return $"{address} is {Family(address)}, and {key} ({at}) takes {Family(at.Address)} alone: nobody would answer. Set {key} to '[::]:{at.Port}', which takes both, or write"
                    + " another address.";
            }

            var own = IPAddress.IsLoopback(at.Address);
            if (!own && IPAddress.IsLoopback(address) && !at.Address.Equals(IPAddress.Any))
            {
                return $"{address} is not where {key} ({at}) listens: nobody would answer. Write {at.Address}, or remove address.";
            }

            // A proxy on this machine is a client of it.
            if (own && allow.Count > 0 && !allow.Any(network => Within(network, Loopback)))
            {
                return NoneFrom(key, at, allow[0]);
            }
        }

        return null;
    }

    /// <summary>Without an address of its own a surface has the listener's.</summary>
    private static void ByTheListener(ListenConfiguration listen, SurfaceConfiguration.Ipmi surface, string allow, Problems problems)
    {
        foreach (var (key, at) in Listeners(listen))
        {
            var foreign = surface.Allow.Where(network => !Within(network, Loopback)).ToList();
            if (at.Address.Equals(IPAddress.Any) || at.Address.Equals(IPAddress.IPv6Any) || surface.Allow.Count == 0)
            {
                continue;
            }

            if (IPAddress.IsLoopback(at.Address) && foreign.Count == surface.Allow.Count)
            {
                problems.Add(allow, NoneFrom(key, at, foreign[0]));
            }
            else if (IPAddress.IsLoopback(at.Address) && foreign.Count > 0)
            {
                problems.Warn(allow, $"{key} is {at}, which this machine alone reaches: no BMC in {foreign[0]} can mount an image.");
            }
            else if (!IPAddress.IsLoopback(at.Address) && Against(at.Address, surface.Allow) is { } wrong)
            {
                problems.Add(allow, $"{key}: {wrong}");
            }
        }
    }

    private static void Doubts(IPAddress address, IReadOnlyList<IPNetwork> networks, string addressPath, string allow, Problems problems)
    {
        if (IPAddress.IsLoopback(address))
        {
            problems.Warn(addressPath, $"{address} is an address that this machine alone reaches: no BMC can mount an image. Write the one that BMCs reach, and their networks into"
                + " allow.");
        }
        else if (networks.Where(network => network.BaseAddress.AddressFamily != address.AddressFamily).ToList() is [var other, ..])
        {
            problems.Warn(allow, $"{other} is {Family(other.BaseAddress)}, and the URLs name {address}: nobody comes from there. Machines there need a surface with an address of their kind.");
        }
    }

    private static string NoneFrom(string key, IPEndPoint at, IPNetwork network) =>
        $"{key} is {at}, which this machine alone reaches: images would be listed as available, and no BMC in {network} could mount one. Set {key} to '0.0.0.0:{at.Port}', or to the"
        + " address that BMCs reach.";

    private static IEnumerable<(string Key, IPEndPoint At)> Listeners(ListenConfiguration listen)
    {
        yield return ("listen.iso", listen.Iso);
        if (listen.IsoTls is { } tls)
        {
            yield return ("listen.isoTls", tls);
        }
    }

    private static bool Within(IPNetwork network, IPNetwork[] around) =>
        around.Any(outer => outer.PrefixLength <= network.PrefixLength && outer.Contains(network.BaseAddress));

    private static string Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";
}
