using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Web;

/// <summary>Which reasons say no more than that something is on its way, or waits for another that is. Pure.</summary>
internal static class Waiting
{
    public static bool Is(string? code) => code is ReasonCode.NotYetPublished or ReasonCode.Verifying or ReasonCode.Fetching
        or ReasonCode.WaitingForSource or ReasonCode.WaitingForSites or ReasonCode.WaitingForSurfaces or ReasonCode.WaitingForName;
}
