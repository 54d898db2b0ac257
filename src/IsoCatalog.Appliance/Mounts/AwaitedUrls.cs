using System.Collections.Frozen;
using System.Net;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Connections;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Ipmi;

namespace IsoCatalog.Appliance.Mounts;

/// <summary>
/// Which URLs for BMCs lead to nothing only for now: the standing ones of images that are in the catalog, and those of leases. Their image may still be on its way here, in
/// doubt, or read again; a BMC that is told "gone" does not try again. What was removed, recalled or hidden is gone. Thread-safe.
/// </summary>
internal sealed class AwaitedUrls(SiteLedger ledger, IReadOnlyList<ISurface> surfaces)
{
    private readonly IpmiSurface[] _surfaces = [.. surfaces.OfType<IpmiSurface>()];
    private volatile Paths _paths = Paths.None;

    public bool Awaits(string path, IPAddress client)
    {
        var view = ledger.View;
        return view.Leases.Values.Any(lease => IsOf(view, lease, path, client))
            || (_surfaces.Any(surface => surface.Admits(client)) && IsStanding(view, path, client));
    }

    private static bool IsOf(SiteView view, Lease lease, string path, IPAddress client) =>
        lease.Token is { } token && path.AsSpan(1).StartsWith(token, StringComparison.Ordinal)
        && IPAddress.TryParse(lease.Client, out var holder) && HostAddress.Plain(holder).Equals(client)
        && path == BmcUrl.PathOf(token, view.NameOf(lease.Image));

    private bool IsStanding(SiteView view, string path, IPAddress client)
    {
        var paths = _paths;
        if (!ReferenceEquals(paths.Of, view.Catalog))
        {
            _paths = paths = new Paths(
                view.Catalog,
                view.Catalog.Images.Values.Where(image => image is { Deleted: false, Blocked: false, Meta.Hidden: false })
                    .SelectMany(image => _surfaces.Select(surface => (Path: surface.StandingPathOf(image.Id, image.FileName), surface)))
                    .ToFrozenDictionary(known => known.Path, known => known.surface, StringComparer.Ordinal));
        }

        return paths.Standing.TryGetValue(path, out var surface) && surface.Admits(client);
    }

    /// <param name="Of">The catalog that they were made of; they are made anew, when somebody asks, once there is another.</param>
    private sealed record Paths(object? Of, FrozenDictionary<string, IpmiSurface> Standing)
    {
        public static readonly Paths None = new(null, FrozenDictionary<string, IpmiSurface>.Empty);
    }
}
