using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>The most bytes that are taken from another site for one thing, before anything is decoded.</summary>
internal static class FleetLimits
{
    public const int Trust = TrustLink.MaxBytes;
    public const int Document = FleetCatalog.MaxEnvelope;
    public const int Holdings = (Core.Catalog.Holdings.MaxPayload / 3 * 4) + 16384;
    public const int Members = (Core.Catalog.Members.MaxPayload / 3 * 4) + 16384;
    public const int Torrent = 64 << 20;
}
