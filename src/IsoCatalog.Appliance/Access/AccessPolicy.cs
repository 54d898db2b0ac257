using System.Net;
using Microsoft.Extensions.Primitives;

namespace IsoCatalog.Appliance.Access;

/// <summary>Decides who a request comes from. Knows no HTTP beyond the few facts of <see cref="AccessRequest"/>. Thread-safe.</summary>
internal sealed class AccessPolicy(AccessOptions options, AttemptLimit limit)
{
    private static readonly AccessDecision.Refused TooMany = new(
        AccessCode.TooManyAttempts, "Too many different wrong tokens came from this address. Wait a little, then send the right one.");

    public (AccessDecision Decision, IPAddress? Client) Decide(in AccessRequest request)
    {
        if (request.OnSocket)
        {
            return (new AccessDecision.Accepted("socket", Role.Admin), null);
        }

        if (request.Remote is null)
        {
            return (options.Tokens.Authenticate(request.Authorization, null), null);
        }

        var client = ClientAddress.Of(request.Remote, request.ForwardedFor, options.TrustedProxies);
        if (request.Authorization is null && options.OpenOnLoopback && IsFromHere(request))
        {
            return (LoopbackRules.Check(request), client);
        }

        return (ByToken(request.Authorization, client), client);
    }

    private AccessDecision ByToken(string? authorization, IPAddress client)
    {
        if (authorization is not null && limit.WaitOf(client) > TimeSpan.Zero)
        {
            return TooMany;
        }

        var decision = options.Tokens.Authenticate(authorization, client, out var presented);
        if (decision is AccessDecision.Refused && presented != default)
        {
            limit.Count(client, presented);
        }

        return decision;
    }

    // What a proxy on this machine passes on comes from elsewhere.
    private static bool IsFromHere(in AccessRequest request) =>
        !request.ThroughProxy && IPAddress.IsLoopback(ClientAddress.Plain(request.Remote!))
        && request.Local is { } local && IPAddress.IsLoopback(ClientAddress.Plain(local.Address));
}

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
internal readonly record struct AccessRequest(
    bool OnSocket, IPAddress? Remote, IPEndPoint? Local, string Scheme, string? Authorization, string? Host, string? Origin,
    StringValues ForwardedFor, bool ThroughProxy);
