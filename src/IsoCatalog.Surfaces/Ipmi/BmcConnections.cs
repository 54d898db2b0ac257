using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>All open connections of a listener: caps them per client address, finds those to cut. Thread-safe.</summary>
internal sealed class BmcConnections(int perAddress, TimeSpan idleLimit, TimeProvider time, IsoMetrics metrics, ILogger logger)
{
    private readonly ConcurrentDictionary<BmcConnection, bool> _open = new();
    private readonly Dictionary<IPAddress, int> _counts = [];
    private readonly Lock _gate = new();

    /// <summary>Stands before TLS, so that a flood costs no handshakes.</summary>
    public async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var address })
        {
            connection.Abort();
            return;
        }

        var client = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (!TryCount(client, out var firstRefused))
        {
            if (firstRefused)
            {
                logger.TooManyConnections(client, perAddress);
            }

            connection.Abort(new ConnectionAbortedException("Too many connections of one address."));
            return;
        }

        var bmc = new BmcConnection(connection, client, time);
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
            Uncount(client);
            metrics.ConnectionClosed();
        }
    }

    public void CutReaders(Func<Route, bool> which)
    {
        // Pairs with the barrier in BmcConnection.Serve.
        Interlocked.MemoryBarrier();
        foreach (var (connection, _) in _open)
        {
            if (connection.Serves(which))
            {
                connection.Cut("What this connection reads was withdrawn.");
            }
        }
    }

    public void CutStalled()
    {
        foreach (var (connection, _) in _open)
        {
            if (connection.HasWaited(idleLimit))
            {
                logger.StalledClientCut(connection.Client, idleLimit);
                connection.Cut("The client took nothing of its response for too long.");
            }
        }
    }

    // A refused attempt is said once per full spell, not once per attempt: the entry is marked by going one above the cap.
    private bool TryCount(IPAddress client, out bool firstRefused)
    {
        lock (_gate)
        {
            var count = _counts.GetValueOrDefault(client);
            firstRefused = count == perAddress;
            if (count < perAddress)
            {
                _counts[client] = count + 1;
                return true;
            }

            _counts[client] = perAddress + 1;
            return false;
        }
    }

    private void Uncount(IPAddress client)
    {
        lock (_gate)
        {
            var count = Math.Min(_counts[client], perAddress) - 1;
            if (count == 0)
            {
                _counts.Remove(client);
            }
            else
            {
                _counts[client] = count;
            }
        }
    }
}
