using System.Net;

namespace IsoCatalog.Surfaces.Ipmi;

internal enum RouteKind
{
    /// <summary>For every address in the surface's allow list; when in doubt, what <see cref="IsoRoutes.Awaits"/> says.</summary>
    Standing,

    /// <summary>For one BMC; 503 when in doubt, because a host may be running from it.</summary>
    Lease,
}

/// <summary>Who may read which image under a path. Thread-safe.</summary>
internal sealed class Route(string path, RouteKind kind, string surface, ServedImage image, IReadOnlyList<IPNetwork> allow)
{
    private long _requests;
    private long _bytes;
    private long _lastReadUnixMs;
    private volatile bool _withdrawn;
    private volatile IReadOnlyList<IPNetwork> _allow = allow;

    public string Path { get; } = path;

    public RouteKind Kind { get; } = kind;

    public string Surface { get; } = surface;

    public ServedImage Image { get; } = image;

    /// <summary>Set before the readers are cut, read by a reader after it has announced itself: no reader slips through.</summary>
    public bool IsWithdrawn => _withdrawn;

    public void Withdraw() => _withdrawn = true;

    public void Allow(IReadOnlyList<IPNetwork> networks) => _allow = networks;

    public bool Admits(IPAddress client)
    {
        foreach (var network in _allow)
        {
            if (network.Contains(client))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>Which request of this route it is, from 1.</returns>
    public long CountRequest(DateTimeOffset now)
    {
        Volatile.Write(ref _lastReadUnixMs, now.ToUnixTimeMilliseconds());
        return Interlocked.Increment(ref _requests);
    }

    public void CountBytes(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public RouteActivity Activity()
    {
        var requests = Interlocked.Read(ref _requests);
        return new RouteActivity(
            requests, Interlocked.Read(ref _bytes),
            requests == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Read(ref _lastReadUnixMs)));
    }
}
