using System.Net;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>Another site of the fleet. Nothing is discovered: who is not listed is not asked.</summary>
/// <param name="Site">Its id in the trust document.</param>
/// <param name="Fleet">Where its fleet listener answers.</param>
/// <param name="Swarm">Where its swarm listener answers.</param>
public sealed record PeerConfiguration(string Site, DnsEndPoint Fleet, DnsEndPoint Swarm);

/// <summary>What is fetched from other sites, and how fast.</summary>
public sealed record FetchConfiguration
{
    public WantedImages Want { get; init; }

    /// <summary>Connections for one transfer, 1 to 64; null lets the appliance choose.</summary>
    public int? Streams { get; init; }

    /// <summary>Bytes per second; 0 for no limit.</summary>
    public long Download { get; init; }

    /// <summary>Bytes per second; 0 for no limit.</summary>
    public long Upload { get; init; }

    /// <summary>Other limits at certain hours; the first window that holds decides.</summary>
    public IReadOnlyList<RateWindow> Schedule { get; init; } = [];

    /// <summary>The clock that <see cref="Schedule"/> is read by.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;
}

/// <summary>Which images of the catalog a site keeps.</summary>
public enum WantedImages
{
    All,
}

/// <param name="Days">The days on which the window starts.</param>
/// <param name="From">Included.</param>
/// <param name="To">Not included; when it is before <paramref name="From"/> the window ends on the next day.</param>
/// <param name="Download">Bytes per second, 0 for no limit; null leaves the general rate.</param>
/// <param name="Upload">Bytes per second, 0 for no limit; null leaves the general rate.</param>
public sealed record RateWindow(IReadOnlySet<DayOfWeek> Days, TimeOnly From, TimeOnly To, long? Download, long? Upload);
