using System.Net;

namespace IsoCatalog.Core.Connections;

/// <summary>Addresses as hosts have them, however a socket shows them. Pure.</summary>
public static class HostAddress
{
    private const int LengthOfSix = 16;

    /// <summary>Bytes of an IPv6 address that name a /64.</summary>
    private const int Network = 8;

    /// <summary>An IPv4 address that an IPv6 socket shows as ::ffff:a.b.c.d becomes what it is; a scope is dropped.</summary>
    public static IPAddress Plain(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
            : address.GetAddressBytes() is { Length: LengthOfSix } bytes && address.ScopeId != 0 ? new IPAddress(bytes)
            : address;
    }

    /// <summary>Under which address a stranger is counted: whoever has one address of an IPv6 /64 has them all.</summary>
    public static IPAddress HolderOf(IPAddress address)
    {
        var plain = Plain(address);
        var bytes = plain.GetAddressBytes();
        if (bytes.Length < LengthOfSix)
        {
            return plain;
        }

        bytes.AsSpan(Network).Clear();
        return new IPAddress(bytes);
    }
}
