using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Configuration.Values;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Commands;

/// <summary>The surface for BMCs of a first configuration: the one address of this machine that their URLs name, and where they are.</summary>
internal sealed record FirstBmcSurface(IPAddress Address, IReadOnlyList<IPNetwork> Allow)
{
    /// <summary>As it stands in the file, below <c>surfaces</c>.</summary>
    public string Yaml => $"- {{ name: bmc, kind: ipmi, address: \"{Address}\", allow: [{string.Join(", ", Allow.Select(network => $"\"{network}\""))}] }}";

    /// <summary>
    /// Null where nobody said where the BMCs are. A name is looked up now, because a BMC often has no resolver and so gets an address; what was looked up stands in the file from then on.
    /// </summary>
    /// <param name="networks">Each with one or several, separated by commas.</param>
    /// <param name="host">What was said of where BMCs reach this machine, else of where other sites do.</param>
    /// <exception cref="VerbException">A network is none, or there is no one address; nothing was changed.</exception>
    public static async Task<FirstBmcSurface?> OfAsync(IReadOnlyList<string> networks, string? host, CancellationToken cancellationToken)
    {
        IPNetwork[] allow = [.. networks.SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries)).Select(Network).Distinct()];
        if (allow.Length == 0)
        {
            return null;
        }

        if (host is null)
        {
            throw VerbException.Usage("--bmc-allow needs --bmc-address HOST (or --address): the address of this machine that BMCs reach.");
        }

        var literal = IPAddress.TryParse(host.Trim('[', ']'), out var address);
        var choice = Choose(host, literal ? [address!] : await LookUpAsync(host, cancellationToken), allow, Own());
        return choice.Address is { } chosen ? new FirstBmcSurface(chosen, allow) : throw VerbException.Usage(choice.Why!);
    }

    /// <summary>Of several addresses the one that BMCs of these networks can use; of several such the one that is this machine's own. Pure.</summary>
    public static (IPAddress? Address, string? Why) Choose(string host, IReadOnlyList<IPAddress> found, IReadOnlyList<IPNetwork> allow, IReadOnlySet<IPAddress> own)
    {
        const string Say = " Give the address of this machine that BMCs reach: --bmc-address IP.";
        var all = found.Select(a => a.IsIPv4MappedToIPv6 ? a.MapToIPv4() : a).Distinct().ToList();
        var usable = all.Where(a => BmcRules.Against(a, allow) is null).ToList();
        var mine = usable.Where(own.Contains).ToList();
        return (usable, mine) switch
        {
            ([var only], _) => (only, null),
            (_, [var only]) => (only, null),
            ([], _) when all is [var bad] => (null, $"{(bad.ToString() == host.Trim('[', ']') ? "" : $"{host} is {bad}. ")}{BmcRules.Against(bad, allow)}{Say}"),
            ([], _) => (null, $"{host} is {string.Join(", ", all)}, and none of them is an address that BMCs in {string.Join(", ", allow)} can use.{Say}"),
            _ => (null, $"{host} is {string.Join(", ", usable)}, and the URLs for BMCs name one address.{Say}"),
        };
    }

    private static IPNetwork Network(string text) => Addresses.Network(new Node.Scalar(0, 0, text, Plain: false), out var network) is { } wrong
        ? throw VerbException.Usage($"--bmc-allow: {wrong}")
        : network;

    private static async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            if (await Dns.GetHostAddressesAsync(host, cancellationToken) is { Length: > 0 } found)
            {
                return found;
            }
        }
        catch (Exception unknown) when (unknown is SocketException or ArgumentException)
        {
            // Said below.
        }

        throw VerbException.Usage($"{host} has no address here, and BMCs often cannot look up a name, so their URLs need one. Give the address of this machine that BMCs reach:"
            + " --bmc-address IP.");
    }

    private static HashSet<IPAddress> Own() =>
        [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(own => own.Address)];
}
