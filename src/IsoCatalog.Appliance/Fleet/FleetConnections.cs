using System.Net;
using IsoCatalog.Core.Connections;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>The open connections of the fleet listener, each by the key that its caller proved to have. Thread-safe.</summary>
/// <param name="siteOf">The site that the present trust document gives a key to; null for none.</param>
/// <param name="isPeer">Whether an address is where a peer is asked.</param>
/// <param name="turnedAway">Of the listener.</param>
/// <param name="log">Hears of peers that have no place.</param>
internal sealed class FleetConnections(Func<Sha256Digest, string?> siteOf, Func<IPAddress, bool> isPeer, TurnedAway turnedAway, ILogger log)
{
    /// <summary>Strangers who have shown a key get no more than this.</summary>
    private const int Strangers = 32;

    private readonly Lock _gate = new();
    private readonly HashSet<FleetConnection> _open = [];
    private readonly SeenAddresses _seen = new();

    // A site needs two or three; behind one address there may be several.
    private readonly ListenerPlaces _places = new(new PlaceLimits
    {
        OfAddress = 64,
        NewOfKnownAddress = 32,
        NewOfStranger = 8,
        OfStranger = 16,
        NewOfStrangers = 64,
        OfStrangers = 64 + Strangers,
        OfKnown = 512,
    });

    /// <summary>Before TLS: who has too many connections gets no further.</summary>
    public async Task CountAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = AddressOf(connection);
        var known = _seen.Contains(address) || isPeer(address);
        using var place = _places.TryEnter(address, known, () => TurnAway(connection), out var firstRefusal);
        if (place is null)
        {
            if (firstRefusal && known)
            {
                Log.TooManyConnections(log, address);
            }

            TurnAway(connection);
            return;
        }

        connection.Features.Set(place);
        await next(connection);
    }

    /// <summary>After TLS.</summary>
    public async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (PinnedTls.KeyOf(connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate) is not { } key)
        {
            connection.Abort();
            return;
        }

        var opened = new FleetConnection(connection, key, siteOf(key));
        connection.Features.Get<Place>()?.Settle(known: opened.Site is not null);
        if (opened.Site is not null)
        {
            _seen.Add(opened.Site, AddressOf(connection));
        }

        lock (_gate)
        {
            if (opened.Site is null && _open.Count(c => c.Site is null) >= Strangers)
            {
                TurnAway(connection);
                return;
            }

            _open.Add(opened);
        }

        connection.Features.Set(opened);
        try
        {
            await next(connection);
        }
        finally
        {
            lock (_gate)
            {
                _open.Remove(opened);
            }
        }
    }

    /// <summary>After the trust document changed: whoever is somebody else by now, or nobody any more, is cut off at once.</summary>
    public void Recheck()
    {
        FleetConnection[] open;
        lock (_gate)
        {
            open = [.. _open];
        }

        foreach (var connection in open.Where(c => siteOf(c.Key) != c.Site))
        {
            connection.Context.Abort(new ConnectionAbortedException("The trust document changed."));
        }
    }

    private void TurnAway(ConnectionContext connection)
    {
        turnedAway.Count();
        connection.Abort();
    }

    private static IPAddress AddressOf(ConnectionContext connection) => (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
}

/// <param name="Site">Whose key it was when the connection was made; null for nobody's.</param>
internal sealed record FleetConnection(ConnectionContext Context, Sha256Digest Key, string? Site);
