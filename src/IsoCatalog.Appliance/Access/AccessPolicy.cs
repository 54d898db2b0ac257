using System.Net;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Core.Connections;

namespace IsoCatalog.Appliance.Access;

/// <summary>Decides who a request comes from. Knows no HTTP beyond the few facts of <see cref="AccessRequest"/>. Thread-safe.</summary>
internal sealed class AccessPolicy(AccessOptions options, AttemptLimit limit, Sessions sessions)
{
    private static readonly AccessDecision.Refused TooMany = new(
        AccessCode.TooManyAttempts, "Too many different wrong tokens came from this address. Wait a little, then send the right one.");

    /// <param name="request">What is known of it.</param>
    /// <param name="isAttempt">False where it was let in before: then a token that is not known any more is no guess.</param>
    public (AccessDecision Decision, IPAddress? Client) Decide(in AccessRequest request, bool isAttempt = true)
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

        return (request is { Authorization: null, Session: { } session } ? BySession(request, session, client) : ByToken(request.Authorization, client, isAttempt), client);
    }

    /// <summary>Asked anew each time: a token that may not be used from there any more takes its sessions with it.</summary>
    private AccessDecision BySession(in AccessRequest request, string session, IPAddress client) =>
        request.IsFromAnotherPage ? AccessRequest.FromAnotherPage
        : sessions.TokenOf(session) is { } token ? options.Tokens.Find(token, client)
        : new AccessDecision.Refused(AccessCode.Unauthorized, "The session has ended. Sign in again.");

    private AccessDecision ByToken(string? authorization, IPAddress client, bool isAttempt)
    {
        // Whoever has the right one is never kept waiting by others behind his address. To guess 256 bits, who is answered 429 has no better chance.
        var decision = options.Tokens.Authenticate(authorization, client, out var presented);
        if (decision is AccessDecision.Accepted || authorization is null || !isAttempt)
        {
            return decision;
        }

        if (limit.WaitOf(client) > TimeSpan.Zero)
        {
            return TooMany;
        }

        if (presented != default)
        {
            limit.Count(client, presented);
        }

        return decision;
    }

    // What a proxy on this machine passes on comes from elsewhere.
    private static bool IsFromHere(in AccessRequest request) =>
        !request.ThroughProxy && IPAddress.IsLoopback(HostAddress.Plain(request.Remote!))
        && request.Local is { } local && IPAddress.IsLoopback(HostAddress.Plain(local.Address));
}
