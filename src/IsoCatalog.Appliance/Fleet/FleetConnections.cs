using System.Net;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>The open connections of the fleet listener, each by the key that its caller proved to have. Thread-safe.</summary>
/// <param name="siteOf">The site that the present trust document gives a key to; null for none.</param>
internal sealed class FleetConnections(Func<Sha256Digest, string?> siteOf)
{
    /// <summary>A site needs two or three; behind one address there may be several.</summary>
    private const int PerAddress = 64;

    /// <summary>Strangers get no more than this, so that there is always room for sites.</summary>
    private const int Strangers = 32;

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _addresses = [];
    private readonly HashSet<FleetConnection> _open = [];

    /// <summary>Before TLS: who has too many connections gets no further.</summary>
    public async Task CountAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        lock (_gate)
        {
            var count = _addresses.GetValueOrDefault(address);
            if (count >= PerAddress)
            {
                connection.Abort();
                return;
            }

            _addresses[address] = count + 1;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            lock (_gate)
            {
                if (--_addresses[address] == 0)
                {
                    _addresses.Remove(address);
                }
            }
        }
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
        lock (_gate)
        {
            if (opened.Site is null && _open.Count(c => c.Site is null) >= Strangers)
            {
                connection.Abort();
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
}

/// <param name="Site">Whose key it was when the connection was made; null for nobody's.</param>
internal sealed record FleetConnection(ConnectionContext Context, Sha256Digest Key, string? Site);
