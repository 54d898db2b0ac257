using System.Net;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>One <c>ipmi</c> surface of a site.</summary>
public sealed record IpmiSurfaceOptions
{
    /// <summary>Unique at its site; part of what standing tokens are derived from, so renaming changes the URLs.</summary>
    public required string Name { get; init; }

    /// <summary>What a panel asks for.</summary>
    public string Group { get; init; } = "ipmi";

    /// <summary>32 random bytes that the appliance keeps: as long as they stay, standing URLs survive restarts.</summary>
    public required ReadOnlyMemory<byte> UrlSecret { get; init; }

    /// <summary>The address that BMCs reach this site by; null takes the one the listener is bound to.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Addresses of BMCs that may use standing URLs. Empty: there are none, only leases.</summary>
    public IReadOnlyList<IPNetwork> Allow { get; init; } = [];
}
