using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Documents;

/// <summary>The other sites of the fleet, as their holdings show them at one moment.</summary>
internal static class OtherSites
{
    /// <summary>The other active sites. One that was never heard of is waited for from the moment that it was first known.</summary>
    public static ImmutableDictionary<string, OtherSite> Of(
        FleetSnapshot fleet, FleetClocks clocks, CatalogView catalog, ImmutableDictionary<string, OtherSite> before, DateTimeOffset now) =>
        fleet.ActiveSites.Keys.Where(s => s != fleet.Site).ToImmutableDictionary(
            s => s,
            s => fleet.Sites.GetValueOrDefault(s)?.Holdings is { } said
                ? before.TryGetValue(s, out var known) && known.Said == said.Sha256 ? known : Read(said, clocks, known, catalog, now)
                : before.GetValueOrDefault(s) ?? new OtherSite(s, now),
            StringComparer.Ordinal);

    /// <summary>A statement may have come by a detour, or have lain here since before the start: it is as old as its site says, never younger.</summary>
    private static OtherSite Read(Statement said, FleetClocks clocks, OtherSite? before, CatalogView catalog, DateTimeOffset now)
    {
        if (said.At is not { } came)
        {
            // Where the bytes are is worth knowing all the same.
            var old = SiteHoldings.Read(said.Holdings, now);
            return new OtherSite(old.Site, now) { Said = said.Sha256, Stored = old.Stored, Offered = old.Offered };
        }

        var issued = said.Holdings.Issued - clocks.OffsetOf(said.Holdings.Site);
        var site = SiteHoldings.Read(said.Holdings, issued < came ? issued : came) with { Said = said.Sha256 };
        return site with { Incomplete = Advance.After(before, site, catalog.Live, now) };
    }
}
