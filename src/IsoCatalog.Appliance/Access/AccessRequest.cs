using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IsoCatalog.Appliance.Access;

/// <summary>What is known of a request before it is let in.</summary>
/// <param name="OnSocket">It came through the Unix socket, whose file permissions say who may.</param>
/// <param name="Remote">The other end of the connection.</param>
/// <param name="Local">Our end of the connection.</param>
/// <param name="Scheme">http or https.</param>
/// <param name="Authorization">The header; null when there is none.</param>
/// <param name="Host">The header.</param>
/// <param name="Origin">The header; null when there is none.</param>
/// <param name="ForwardedFor">X-Forwarded-For, all its lines.</param>
/// <param name="ThroughProxy">Some header says that a proxy passed it on.</param>
/// <param name="Session">The cookie of a browser that signed in, where one is looked at.</param>
internal readonly record struct AccessRequest(
    bool OnSocket, IPAddress? Remote, IPEndPoint? Local, string Scheme, string? Authorization, string? Host, string? Origin,
    StringValues ForwardedFor, bool ThroughProxy, string? Session = null)
{
    public static readonly AccessDecision FromAnotherPage = new AccessDecision.Refused(
        AccessCode.Forbidden, "The request comes from a page of another origin. Only this site's own pages may ask with what the browser keeps for it.");

    /// <summary>A browser says that a page of another host made it ask (RFC 6454). The scheme is not compared: a proxy may have ended TLS.</summary>
    public bool IsFromAnotherPage => Origin is not null
        && !(Uri.TryCreate(Origin, UriKind.Absolute, out var page) && string.Equals(page.Authority, Host, StringComparison.OrdinalIgnoreCase));

    /// <param name="http">The request.</param>
    /// <param name="sessionCookie">The name of the cookie; null where none is looked at.</param>
    public static AccessRequest Of(HttpContext http, string? sessionCookie)
    {
        var headers = http.Request.Headers;
        var connection = http.Connection;
        return new AccessRequest(
            http.Features.Get<IConnectionSocketFeature>()?.Socket.AddressFamily == AddressFamily.Unix,
            connection.RemoteIpAddress,
            connection.LocalIpAddress is { } local ? new IPEndPoint(local, connection.LocalPort) : null,
            http.Request.Scheme,
            Single(headers.Authorization),
            Single(headers.Host),
            Single(headers.Origin),
            headers["X-Forwarded-For"],
            headers.ContainsKey("X-Forwarded-For") || headers.ContainsKey("Forwarded") || headers.ContainsKey("X-Real-IP") || headers.ContainsKey(HeaderNames.Via),
            sessionCookie is null ? null : http.Request.Cookies[sessionCookie]);
    }

    // Two Authorization headers are no token of anybody; joined, they match nothing.
    private static string? Single(StringValues values) => values.Count == 0 ? null : values.ToString();
}
