using System.Net;
using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Access;

/// <summary>Who may use the API of a site.</summary>
public sealed record AccessOptions
{
    public required TokenTable Tokens { get; init; }

    /// <summary>Proxies whose X-Forwarded-For is believed.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>Clients on this machine need no token and are admin; their Host and Origin are checked. For <c>demo</c>. Default false.</summary>
    public bool OpenOnLoopback { get; init; }

    /// <summary>Name of the cookie of a browser that signed in. Cookies know no ports, so that sites on one machine must not share it.</summary>
    public string SessionCookie { get; init; } = "isocatalog";

    public static AccessOptions Of(SiteConfiguration site)
    {
        ArgumentNullException.ThrowIfNull(site);
        return new AccessOptions { Tokens = new TokenTable(site.Tokens), TrustedProxies = site.TrustedProxies };
    }
}
