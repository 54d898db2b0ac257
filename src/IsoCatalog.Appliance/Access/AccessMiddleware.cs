using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IsoCatalog.Appliance.Access;

/// <summary>
/// Stands between routing and the endpoints of the API listener and the command-line socket, and lets a request through when its caller
/// has the role that the endpoint asks for. An endpoint that says nothing asks for <see cref="Role.Admin"/>.
/// </summary>
internal sealed class AccessMiddleware(RequestDelegate next, AccessPolicy policy, AccessMetrics metrics, ILogger<AccessMiddleware> logger)
{
    public Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        // Routing's own answers (405, 415) are endpoints without metadata; they tell nothing.
        if (endpoint is null || (endpoint is not RouteEndpoint && endpoint.Metadata.Count == 0))
        {
            return next(context);
        }

        if (endpoint.Metadata.GetMetadata<OpenToAnyone>() is not null)
        {
            context.Features.Set(new Caller("anyone", null, context.Connection.RemoteIpAddress));
            return next(context);
        }

        var (decision, client) = policy.Decide(RequestOf(context));
        var needed = endpoint.Metadata.GetMetadata<RequiredRole>()?.Role ?? Role.Admin;
        if (decision is AccessDecision.Accepted { Role: var role, Name: var name })
        {
            if (role >= needed)
            {
                context.Features.Set(new Caller(name, role, client));
                return next(context);
            }

            decision = new AccessDecision.Refused(
                AccessCode.Forbidden, $"This needs the role {Word(needed)}; '{name}' has the role {Word(role)}. Use a token with that"
                    + " role.");
        }

        return RefuseAsync(context, (AccessDecision.Refused)decision, client);
    }

    private Task RefuseAsync(HttpContext context, AccessDecision.Refused refused, IPAddress? client)
    {
        metrics.Refused(refused.Code);
        var hasToken = context.Request.Headers.ContainsKey(HeaderNames.Authorization);
        if (refused.Code == AccessCode.Unauthorized && !hasToken)
        {
            Log.NoToken(logger, context.Request.Method, Shown(context.Request.Path), client);
        }
        else if (refused.Code != AccessCode.TooManyAttempts)
        {
            Log.Refused(logger, context.Request.Method, Shown(context.Request.Path), client, refused.Code, refused.Message);
        }

        return AccessProblem.WriteAsync(context, refused, hasToken);
    }

    private static AccessRequest RequestOf(HttpContext context)
    {
        var headers = context.Request.Headers;
        var connection = context.Connection;
        return new AccessRequest(
            context.Features.Get<IConnectionSocketFeature>()?.Socket.AddressFamily == AddressFamily.Unix,
            connection.RemoteIpAddress,
            connection.LocalIpAddress is { } local ? new IPEndPoint(local, connection.LocalPort) : null,
            context.Request.Scheme,
            Single(headers.Authorization),
            Single(headers.Host),
            Single(headers.Origin),
            headers["X-Forwarded-For"],
            headers.ContainsKey("X-Forwarded-For") || headers.ContainsKey("Forwarded") || headers.ContainsKey("X-Real-IP") || headers.ContainsKey(HeaderNames.Via));
    }

    // Two Authorization headers are no token of anybody; joined, they match nothing.
    private static string? Single(StringValues values) => values.Count == 0 ? null : values.ToString();

    private static string Shown(PathString path) => path.ToUriComponent() is { Length: > 200 } long_ ? long_[..200] : path.ToUriComponent();

    private static string Word(Role role) => role switch
    {
        Role.Panel => "panel",
        Role.Operator => "operator",
        _ => "admin",
    };
}

/// <summary>Metadata of an endpoint: the least role that may call it.</summary>
internal sealed record RequiredRole(Role Role);

/// <summary>Metadata of an endpoint that needs no token.</summary>
internal sealed record OpenToAnyone;
