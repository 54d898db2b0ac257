using Microsoft.Net.Http.Headers;

namespace IsoCatalog.Appliance.Web;

/// <summary>In which language a page is: the one that its address names, else the one that its reader chose before, else what the browser likes best.</summary>
internal static class PageLanguage
{
    public const string Parameter = "lang";

    private const string Cookie = "isocatalog-lang";

    /// <summary>More than that no browser sends.</summary>
    private const int MostRanges = 20;

    public static Words Of(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Named(request.Query[Parameter]) ?? Named(request.Cookies[Cookie]) ?? Liked(request.Headers.AcceptLanguage) ?? Words.English;
    }

    /// <summary>The language that the address itself names; null when it names none that there is.</summary>
    public static string? Asked(IQueryCollection query) => Named(query[Parameter])?.Tag;

    /// <summary>A choice holds until the next one. It is no secret, and says nothing but the language.</summary>
    public static void Remember(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (Asked(http.Request.Query) is { } tag && http.Request.Cookies[Cookie] != tag)
        {
            http.Response.Cookies.Append(Cookie, tag, new CookieOptions
            {
                HttpOnly = true,
                SameSite = Microsoft.AspNetCore.Http.SameSiteMode.Strict,
                Secure = http.Request.IsHttps,
                MaxAge = TimeSpan.FromDays(365),
                Path = "/",
            });
        }
    }

    /// <param name="accept">As browsers send it (RFC 9110 section 12.5.4); what cannot be read is passed over.</param>
    internal static Words? Liked(IList<string?> accept) =>
        StringWithQualityHeaderValue.TryParseList([.. accept.OfType<string>()], out var ranges)
            ? ranges.Take(MostRanges).Where(r => r.Quality is null or > 0).OrderByDescending(r => r.Quality ?? 1)
                .Select(r => r.Value.Value is "*" ? Words.English : Named(r.Value.Value?.Split('-')[0])).FirstOrDefault(w => w is not null)
            : null;

    private static Words? Named(string? tag) => Words.All.FirstOrDefault(w => string.Equals(w.Tag, tag, StringComparison.OrdinalIgnoreCase));
}
