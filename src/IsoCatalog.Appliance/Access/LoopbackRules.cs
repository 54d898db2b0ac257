using System.Globalization;
using System.Net;
using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Access;

/// <summary>
/// Where no token is asked for, a web page from elsewhere could make the browser on this machine ask for it: by a name that its owner
/// lets point to 127.0.0.1 (DNS rebinding, seen by its Host), or straight from the page (seen by its Origin).
/// </summary>
internal static class LoopbackRules
{
    private static readonly AccessDecision.Accepted Open = new("loopback", Role.Admin);

    public static AccessDecision Check(in AccessRequest request)
    {
        if (!IsOurs(request.Host, request.Scheme, request.Local!.Port))
        {
            return new AccessDecision.Refused(
                AccessCode.Forbidden,
                $"Without a token this listener answers only to its address: open {request.Scheme}://127.0.0.1:{request.Local.Port}/ or"
                    + " localhost in its place.");
        }

        return request.Origin is null || string.Equals(request.Origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
            ? Open
            : new AccessDecision.Refused(AccessCode.Forbidden, "The request comes from a page of another origin. Without a token only"
                + " pages of this listener may ask.");
    }

    private static bool IsOurs(string? host, string scheme, int port)
    {
        if (host is null || host.Length > 64)
        {
            return false;
        }

        var colon = host.LastIndexOf(':');
        var hasPort = colon > host.LastIndexOf(']');
        var name = hasPort ? host[..colon] : host;
        var said = hasPort
            ? int.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1
            : scheme == "https" ? 443 : 80;
        var isLoopback = string.Equals(name, "localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address) && (name[0] == '[' || address.ToString() == name));
        return isLoopback && said == port;
    }
}
