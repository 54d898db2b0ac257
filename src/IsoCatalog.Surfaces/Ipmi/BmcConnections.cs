using System.Collections.Concurrent;
using System.Net;
using IsoCatalog.Core.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>All open connections of a listener: gives them places by where they come from, finds those to cut. Thread-safe.</summary>
internal sealed class BmcConnections(IsoListenerOptions options, TimeProvider time, IsoMetrics metrics, ILogger logger)
{
    private const int NewOfStrangers = 64;
    private const int OfStrangers = 256;

    private readonly ConcurrentDictionary<BmcConnection, bool> _open = new();
    private readonly TurnedAway _turnedAway = new(options.Meter, "iso");

    private readonly ListenerPlaces _places = new(LimitsOf(options.ConnectionsPerAddress, options.Connections));
    private volatile IReadOnlyList<IPNetwork> _expected = options.Expected;
    private volatile int _perAddress = options.ConnectionsPerAddress;

    /// <summary>Stands before TLS, so that a flood costs no handshakes.</summary>
    public async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var address })
        {
            connection.Abort();
            return;
        }

        var client = HostAddress.Plain(address);
        var isExpected = IsExpected(client, connection);
        var place = _places.TryEnter(client, isExpected, () => TurnAway("Newer connections need its place."), out var firstRefused);
        if (place is null)
        {
            if (firstRefused && isExpected)
            {
                logger.TooManyConnections(client, _perAddress);
            }

            TurnAway("Too many connections of one address.");
            return;
        }

        var bmc = new BmcConnection(connection, client, place, time);
        _open.TryAdd(bmc, true);
        metrics.ConnectionOpened();
        connection.Features.Set(bmc);
        try
        {
            await next(connection);
        }
        finally
        {
            _open.TryRemove(bmc, out _);

            // Its place first: whoever sees it closed may connect in its stead.
            place.Dispose();
            metrics.ConnectionClosed();
        }

        void TurnAway(string why)
        {
            _turnedAway.Count();
            connection.Abort(new ConnectionAbortedException(why));
        }
    }

    public void Admit(IReadOnlyList<IPNetwork> expected, int perAddress)
    {
        (_expected, _perAddress) = (expected, perAddress);
        _places.Change(LimitsOf(perAddress, options.Connections));
    }

    public void CutReaders(Func<Route, IPAddress, bool> which)
    {
        // Pairs with the barrier in BmcConnection.Serve.
        Interlocked.MemoryBarrier();
        foreach (var (connection, _) in _open)
        {
            if (connection.Serves(route => which(route, connection.Client)))
            {
                connection.Cut("What this connection reads was withdrawn.");
            }
        }
    }

    public void CutStalled()
    {
        foreach (var (connection, _) in _open)
        {
            if (connection.HasWaited(options.IdleLimit))
            {
                logger.StalledClientCut(connection.Client, options.IdleLimit);
                connection.Cut("The client took nothing of its response for too long.");
            }
        }
    }

    private static PlaceLimits LimitsOf(int perAddress, int all) => new()
    {
        OfAddress = perAddress,
        NewOfKnownAddress = perAddress,
        NewOfStranger = 8,
        OfStranger = Math.Min(16, perAddress),
        NewOfStrangers = NewOfStrangers,
        OfStrangers = OfStrangers,
        OfKnown = all,
    };

    // The site itself reads back what it serves.
    private bool IsExpected(IPAddress client, ConnectionContext connection) =>
        (connection.LocalEndPoint is IPEndPoint { Address: var own } && HostAddress.Plain(own).Equals(client))
        || _expected.Any(network => network.Contains(client))
        || options.Routes.HasLeaseOf(client);
}
