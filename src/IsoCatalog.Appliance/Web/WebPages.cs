using System.Globalization;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Web;

/// <summary>The pages that people open in a browser, on the listener of the API and with its roles.</summary>
internal static class WebPages
{
    private const int LongestForm = 4096;

    /// <summary>Nothing from elsewhere, nothing inline, no frame around it.</summary>
    private const string Policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    public static void Add(IServiceCollection services) => services.AddSingleton<PageSource>().AddSingleton<PageRenderer>().AddSingleton<LiveStream>();

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/", GetAsync).RequireRole(Role.Operator).ForBrowsers(RefuseAsync).ExcludeFromDescription();
        app.MapGet("/live", (HttpContext http, LiveStream stream) => stream.SendAsync(http))
            .RequireRole(Role.Operator).ForBrowsers(RefuseAsync).ExcludeFromDescription();
        app.MapGet("/sign-in", AskAsync).OpenToAll().ExcludeFromDescription();
        app.MapPost("/sign-in", SignInAsync).OpenToAll().ExcludeFromDescription();
        app.MapPost("/sign-out", (HttpContext http, SignIn sessions) =>
        {
            sessions.Close(http);
            return See(http, SignInAddress(http));
        }).OpenToAll().ExcludeFromDescription();
        app.MapGet("/assets/{name}", PageAssets.Get).OpenToAll().ExcludeFromDescription();
    }

    private static Task GetAsync(HttpContext http, PageSource source)
    {
        var caller = http.Caller();
        var isSession = caller.Name is not ("loopback" or "socket");
        return AnswerAsync<LiveDocument>(http, 200, source.Now(PageQuery.Of(http.Request.Query), PageLanguage.Of(http.Request), isSession ? caller.Name : null));
    }

    private static Task AskAsync(HttpContext http) => AnswerAsync<SignInDocument>(http, 200, SignInPage.Of(http));

    private static async Task SignInAsync(HttpContext http, SignIn sessions)
    {
        if (await TokenAsync(http.Request, http.RequestAborted) is not { } token)
        {
            await AnswerAsync<SignInDocument>(http, 400, SignInPage.Of(http) with { Problem = PageLanguage.Of(http.Request).NoForm });
            return;
        }

        switch (sessions.Open(http, token))
        {
            case AccessDecision.Accepted:
                await See(http, new PageQuery { Language = PageLanguage.Asked(http.Request.Query) }.At(1));
                break;
            case AccessDecision.Refused refused:
                await AnswerAsync<SignInDocument>(http, AccessProblem.StatusOf(refused.Code), SignInPage.Of(http, refused));
                break;
        }
    }

    private static async Task<string?> TokenAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentType?.Split(';')[0].Trim() is not "application/x-www-form-urlencoded" || request.ContentLength is not (> 0 and <= LongestForm))
        {
            return null;
        }

        try
        {
            return (await request.ReadFormAsync(cancellationToken))["token"].ToString();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Who is not known may sign in; who is known and may not see it is told so.</summary>
    private static Task RefuseAsync(HttpContext http, AccessDecision.Refused refused) => refused.Code == AccessCode.Unauthorized
        ? See(http, SignInAddress(http))
        : AnswerAsync<SignInDocument>(http, AccessProblem.StatusOf(refused.Code), SignInPage.Of(http, refused));

    private static string SignInAddress(HttpContext http) =>
        PageLanguage.Asked(http.Request.Query) is { } language ? $"/sign-in?{PageLanguage.Parameter}={language}" : "/sign-in";

    private static Task See(HttpContext http, string address)
    {
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = address;
        http.Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    internal static async Task AnswerAsync<TDocument>(HttpContext http, int status, object model)
        where TDocument : Microsoft.AspNetCore.Components.IComponent
    {
        var html = await http.RequestServices.GetRequiredService<PageRenderer>().RenderAsync<TDocument>(model);
        var response = http.Response;
        PageLanguage.Remember(http);
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        var headers = response.Headers;
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = Policy;
        headers.ContentLanguage = PageLanguage.Of(http.Request).Tag;
        headers.Vary = "Accept-Language, Cookie";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        // Not no-referrer: with it a browser would hide its own origin from the sign-in form too.
        headers["Referrer-Policy"] = "same-origin";
        if (status == StatusCodes.Status429TooManyRequests)
        {
            headers.RetryAfter = ((int)AttemptLimit.Refill.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        await response.WriteAsync(html, http.RequestAborted);
    }
}

/// <param name="Words">In its reader's language.</param>
/// <param name="Language">What its address says; null where it names none.</param>
/// <param name="Problem">Why the last attempt, or the page that was asked for, was refused.</param>
public sealed record SignInPage(Words Words, string? Language = null, string? Problem = null)
{
    public static SignInPage Of(HttpContext http, AccessDecision.Refused? refused = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        var words = PageLanguage.Of(http.Request);
        return new SignInPage(words, PageLanguage.Asked(http.Request.Query), refused is null ? null : words.Refusal(refused));
    }
}
