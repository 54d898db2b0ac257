using System.Net;
using IsoCatalog.Appliance.Configuration;
using Microsoft.Net.Http.Headers;

namespace IsoCatalog.Appliance.Access;

/// <summary>
/// Stands between routing and the endpoints of the API listener and the command-line socket, and lets a request through when its caller
/// has the role that the endpoint asks for. An endpoint that says nothing asks for <see cref="Role.Admin"/>.
/// </summary>
internal sealed class AccessMiddleware(
    RequestDelegate next,
    Func<HttpContext, AccessDecision.Refused, Task> refuse,
    AccessOptions options,
    AccessPolicy policy,
    AccessMetrics metrics,
    RunningRequests running,
    ILogger<AccessMiddleware> logger)
{
    public Task InvokeAsync(HttpContext context)
    {
        context.Features.Get<ApiConnection>()?.Asked();
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

        var page = endpoint.Metadata.GetMetadata<BrowserPage>();
        var needed = endpoint.Metadata.GetMetadata<RequiredRole>()?.Role ?? Role.Admin;
        var request = AccessRequest.Of(context, page is null ? null : options.SessionCookie);

        // Known before it is decided on: a token that is taken away meanwhile is seen here, or ends the request there.
        var entered = running.Enter(context, request, needed);
        var (decision, client) = policy.Decide(request);
        if (decision is AccessDecision.Accepted { Role: var role, Name: var name })
        {
            context.Features.Get<ApiConnection>()?.Accepted(name);
            if (role >= needed)
            {
                context.Features.Set(new Caller(name, role, client));
                return RunAsync(context, entered);
            }

            decision = new AccessDecision.Refused(
                AccessCode.Forbidden, $"This needs the role {Word(needed)}; '{name}' has the role {Word(role)}. Use a token with that"
                    + " role.");
        }

        entered?.Dispose();
        return RefuseAsync(context, (AccessDecision.Refused)decision, client, page);
    }

    private async Task RunAsync(HttpContext context, RunningRequests.Entry? entered)
    {
        using (entered)
        {
            await next(context);
        }
    }

    private Task RefuseAsync(HttpContext context, AccessDecision.Refused refused, IPAddress? client, BrowserPage? page)
    {
        metrics.Refused(refused.Code);
        if (refused.Code == AccessCode.Unauthorized && !context.Request.Headers.ContainsKey(HeaderNames.Authorization))
        {
            Log.NoToken(logger, context.Request.Method, Shown(context.Request.Path), client);
        }
        else if (refused.Code != AccessCode.TooManyAttempts)
        {
            Log.Refused(logger, context.Request.Method, Shown(context.Request.Path), client, refused.Code, refused.Message);
        }

        return page is null ? refuse(context, refused) : page.RefuseAsync(context, refused);
    }

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

/// <summary>Metadata of an endpoint that people open in a browser: the cookie of a session is looked at too, and a refusal is a page.</summary>
/// <param name="RefuseAsync">Answers who may not see it.</param>
internal sealed record BrowserPage(Func<HttpContext, AccessDecision.Refused, Task> RefuseAsync);
