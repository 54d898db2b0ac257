using System.Net;
using IsoCatalog.Core.Connections;
using Microsoft.AspNetCore.Connections;

namespace IsoCatalog.Appliance.Access;

/// <summary>
/// The places of a listener of the API: whoever used a token, comes through a trusted proxy, from where a token is allowed or from this machine has places that nobody else takes.
/// Thread-safe.
/// </summary>
internal sealed class ApiConnections(IReadOnlyList<IPNetwork> proxies, TokenTable? tokens, TurnedAway turnedAway, ILogger log)
{
    private readonly SeenAddresses _seen = new();

    // A panel behind a proxy has all its connections from one address.
    private readonly ListenerPlaces _places = new(new PlaceLimits
    {
        OfAddress = 1024,
        NewOfKnownAddress = 512,
        NewOfStranger = 32,
        OfStranger = 64,
        NewOfStrangers = 256,
        OfStrangers = 512,
        OfKnown = 2048,
    });

    /// <summary>Stands before TLS.</summary>
    public async Task AdmitAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        var known = IsKnown(address) || address.Equals((connection.LocalEndPoint as IPEndPoint)?.Address);
        using var place = _places.TryEnter(address, known, TurnAway, out var firstRefusal);
        if (place is null)
        {
            if (firstRefusal && known)
            {
                Log.TooManyConnections(log, address);
            }

            TurnAway();
            return;
        }

        connection.Features.Set(new ApiConnection(place, _seen, address));
        await next(connection);

        void TurnAway()
        {
            turnedAway.Count();
            connection.Abort();
        }
    }

    private bool IsKnown(IPAddress address) =>
        ClientAddress.IsIn(proxies, address) || _seen.Contains(address)
        || tokens?.AreAllowedFrom(address) is true;
}

/// <summary>One connection of the API listener.</summary>
internal sealed class ApiConnection(Place place, SeenAddresses seen, IPAddress address)
{
    /// <summary>A whole request came.</summary>
    public void Asked() => place.Settle(known: false);

    /// <summary>Its caller is who he says.</summary>
    public void Accepted(string name)
    {
        seen.Add(name, address);
        place.Settle(known: true);
    }
}
