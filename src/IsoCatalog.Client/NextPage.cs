using System.Text.RegularExpressions;

namespace IsoCatalog.Client;

/// <summary>
/// Which page follows, from the Link header (RFC 8288). Of the address only <c>after</c> is taken: where the site is, and how it is asked, the client knows itself and lets nobody say.
/// </summary>
internal static partial class NextPage
{
    public static string? Of(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Link", out var links)
            ? links.Select(l => Form().Match(l)).Where(m => m.Success).Select(m => Uri.UnescapeDataString(m.Groups["after"].Value)).FirstOrDefault()
            : null;

    [GeneratedRegex("""<[^<>]*[?&]after=(?<after>[^<>&#]+)[^<>]*>\s*;\s*rel="?next"?""", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase)]
    private static partial Regex Form();
}
