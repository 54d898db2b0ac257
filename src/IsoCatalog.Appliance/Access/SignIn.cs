using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Access;

/// <summary>A browser shows a token once and gets a cookie that stands for it. Wrong tokens count as they do everywhere else.</summary>
internal sealed class SignIn(AccessOptions options, AccessPolicy policy, Sessions sessions, AccessMetrics metrics, ILogger<SignIn> logger)
{
    /// <summary>Opens a session and sets its cookie when the token is known and may see pages.</summary>
    public AccessDecision Open(HttpContext http, string token)
    {
        var request = AccessRequest.Of(http, null) with { Authorization = "Bearer " + token };
        var (decision, client) = request.IsFromAnotherPage ? (AccessRequest.FromAnotherPage, request.Remote) : policy.Decide(request);
        if (decision is AccessDecision.Accepted { Role: < Role.Operator, Name: var name })
        {
            decision = new AccessDecision.Refused(
                AccessCode.Forbidden, $"'{name}' has the role panel, which is for programs: the API answers it, the pages do not. Use a token with the role operator.");
        }

        if (decision is AccessDecision.Refused refused)
        {
            metrics.Refused(refused.Code);
            Log.Refused(logger, http.Request.Method, "/sign-in", client, refused.Code, refused.Message);
            return decision;
        }

        Log.SignedIn(logger, ((AccessDecision.Accepted)decision).Name, client);
        http.Response.Cookies.Append(options.SessionCookie, sessions.Open(Token.HashOf(token.Trim())), Cookie(http));
        return decision;
    }

    public void Close(HttpContext http)
    {
        if (AccessRequest.Of(http, null).IsFromAnotherPage)
        {
            return;
        }

        if (http.Request.Cookies[options.SessionCookie] is { Length: > 0 and <= TokenTable.MaxTokenLength } id)
        {
            sessions.Close(id);
        }

        http.Response.Cookies.Delete(options.SessionCookie, Cookie(http));
    }

    // Behind a proxy that ends TLS only the browser knows that it speaks https, and its Origin says so.
    private static CookieOptions Cookie(HttpContext http) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Path = "/",
        Secure = http.Request.IsHttps || http.Request.Headers.Origin.ToString().StartsWith("https://", StringComparison.OrdinalIgnoreCase),
        IsEssential = true,
    };
}
