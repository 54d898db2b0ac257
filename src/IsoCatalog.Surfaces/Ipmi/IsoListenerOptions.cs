using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>Where and how ISO files are served to BMCs. At least one of <see cref="Plain"/> and <see cref="Tls"/> is set.</summary>
public sealed record IsoListenerOptions
{
    /// <summary>What is served; the listener does not dispose it.</summary>
    public required IsoRoutes Routes { get; init; }

    /// <summary>Address of plain HTTP; port 0 takes a free one.</summary>
    public IPEndPoint? Plain { get; init; }

    /// <summary>Address of HTTPS; needs <see cref="Certificate"/>.</summary>
    public IPEndPoint? Tls { get; init; }

    /// <summary>With private key and an IP SAN: BMCs go by address. Not disposed by the listener.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>How long a client may take nothing of a response, or send no request on an open connection, before it is cut. A BMC reads only
    /// when its host does, so this is long.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Who is expected beside the clients of leases. Everybody else is answered too, so that a wrong address is found out, but on a few places of their own.
    /// </summary>
    public IReadOnlyList<IPNetwork> Expected { get; init; } = [];

    /// <summary>Connections of one client address at a time, at least 8 (QEMU and firmware alike read in parallel).</summary>
    public int ConnectionsPerAddress { get; init; } = 64;

    /// <summary>Connections at a time, of all clients that are expected.</summary>
    public int Connections { get; init; } = 4096;

    /// <summary>Where <c>isocatalog.iso.*</c> is counted; null counts nothing.</summary>
    public Meter? Meter { get; init; }
}
