using System.Globalization;
using System.Net;
using System.Net.Sockets;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration.Values;

/// <summary>Readers of addresses, ports and networks.</summary>
internal static class Addresses
{
    /// <summary><c>host:port</c> where this machine listens: an IPv4 address, an IPv6 address in brackets, or <c>localhost</c>, which is
    /// 127.0.0.1. Port 0 lets the system choose.</summary>
    public static string? Listener(Node.Scalar scalar, out IPEndPoint value)
    {
        value = null!;
        if (Split(scalar, least: 0, out var host, out var port) is { } wrong)
        {
            return wrong;
        }

        if (host == "localhost")
        {
            value = new IPEndPoint(IPAddress.Loopback, port);
            return null;
        }

        if (!Literal(host, out var address))
        {
            return $"{Quote.Of(host)} is not an address of this machine: write an IPv4 address, an IPv6 address in brackets, or localhost"
                + $" (0.0.0.0:{port} for all addresses). Names are not looked up here.";
        }

        value = new IPEndPoint(address, port);
        return null;
    }

    /// <summary><c>host:port</c> of another machine, where host may be a name.</summary>
    public static string? Remote(Node.Scalar scalar, out DnsEndPoint value)
    {
        value = null!;
        if (Split(scalar, least: 1, out var host, out var port) is { } wrong)
        {
            return wrong;
        }

        if (Literal(host, out var address))
        {
            value = new DnsEndPoint(address.ToString(), port);
            return null;
        }

        if (Uri.CheckHostName(host) != UriHostNameType.Dns || host.Length > 253)
        {
            return $"{Quote.Of(host)} is not a host name or an address.";
        }

        value = new DnsEndPoint(host, port);
        return null;
    }

    /// <summary>An address alone: what is made of it has the port of a listener.</summary>
    public static string? Address(Node.Scalar scalar, out IPAddress value)
    {
        value = null!;
        return Words.Text(scalar, out var text)
            ?? (Bare(text, out value) ? null
                : text.LastIndexOf(':') is > 0 and var colon && Literal(text[..colon], out var alone)
                    ? $"{Quote.Of(text)} has a port. Write the address alone, {alone}: the port is the listener's."
                : $"{Quote.Of(text)} is not an IP address. Names are not looked up here.");
    }

    /// <summary>A network in CIDR form; an address alone is a network of one.</summary>
    public static string? Network(Node.Scalar scalar, out IPNetwork value)
    {
        value = default;
        if (Words.Text(scalar, out var text) is { } wrong)
        {
            return wrong;
        }

        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!Bare(slash < 0 ? text : text[..slash], out var address))
        {
            return $"{Quote.Of(text)} is not a network: write address/prefix, such as 10.0.0.0/8 or fd00::/8.";
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var prefix = bits;
        if (slash >= 0 && !(int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out prefix) && prefix <= bits))
        {
            return $"{Quote.Of(text)} must end in a prefix length from /0 to /{bits}.";
        }

        var start = Masked(address, prefix);
        if (!start.Equals(address))
        {
            return $"{Quote.Of(text)} has bits set after its first {prefix}. Write {start}/{prefix} for the network, or {address} for"
                + " the one address.";
        }

        value = new IPNetwork(address, prefix);
        return null;
    }

    private static IPAddress Masked(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var keep = Math.Clamp(prefix - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - keep));
        }

        return new IPAddress(bytes);
    }

    private static string? Split(Node.Scalar scalar, int least, out string host, out int port)
    {
        (host, port) = ("", 0);
        if (Words.Text(scalar, out var text) is { } wrong)
        {
            return wrong;
        }

        var colon = text.LastIndexOf(':');
        if (colon <= 0 || text[..colon] is not { Length: > 0 } name || (name.Contains(':') && name[0] != '['))
        {
            return $"{Quote.Of(text)} is not host:port. Write for example 127.0.0.1:8080 or '[::1]:8080'.";
        }

        host = name;
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port >= least && port <= 65535
            ? null
            : $"{Quote.Of(text[(colon + 1)..])} is not a port: {least} to 65535.";
    }

    private static bool Literal(string host, out IPAddress address)
    {
        var bracketed = host is ['[', .., ']'];
        return Bare(bracketed ? host[1..^1] : host, out address) && bracketed == (address.AddressFamily == AddressFamily.InterNetworkV6);
    }

    // The framework also takes 10.1 and 0x7f000001 for addresses, and scopes; an operator who writes these is mistaken.
    private static bool Bare(string text, out IPAddress address) =>
        IPAddress.TryParse(text, out address!)
        && (address.AddressFamily == AddressFamily.InterNetworkV6
            ? !text.Contains('%') && !text.Contains('[') && !address.IsIPv4MappedToIPv6
            : address.ToString() == text);
}
