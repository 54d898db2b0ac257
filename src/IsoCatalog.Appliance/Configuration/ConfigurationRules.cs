using System.Net;
using System.Text;
using IsoCatalog.Appliance.Configuration.Values;
using IsoCatalog.Appliance.Configuration.Yaml;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>What several values must be to each other. A rule is silent where one of its values was already found wrong.</summary>
internal static class ConfigurationRules
{
    // sockaddr_un.sun_path has 108 bytes with the final zero (unix(7)).
    private const int MaxSocketPath = 107;

    public static void Check(SiteConfiguration site, Problems problems)
    {
        Listeners(site, problems);
        Exposure(site, problems);
        Tokens(site, problems);
        SurfaceRules.Check(site, problems);
        Folders(site, problems);
        Peers(site, problems);
        Swarm(site, problems);
    }

    private static void Listeners(SiteConfiguration site, Problems problems)
    {
        var listen = site.Listen;
        (string Path, IPEndPoint? At)[] all =
        [
            ("listen.api", listen.Api), ("listen.iso", listen.Iso), ("listen.isoTls", listen.IsoTls), ("listen.fleet", listen.Fleet),
            ("listen.swarm", listen.Swarm), ("listen.metrics", listen.Metrics), ("listen.standard", listen.Standard),
        ];
        for (var i = 0; i < all.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (all[i].At is { } one && all[j].At is { } other && Clash(one, other) && problems.Sound(all[i].Path, all[j].Path))
                {
                    // The one that is written in the file is the one to change.
                    var (here, there) = problems.Has(all[i].Path) ? (all[i], all[j]) : (all[j], all[i]);
                    problems.Add(here.Path, $"{here.At} is already taken by {there.Path}"
                        + $" ({there.At}{(problems.Has(there.Path) ? "" : ", the default")}). Give each its own port.");
                }
            }
        }

        if (problems.Sound("listen.isoTls", "tls", "tls.iso"))
        {
            if (listen.IsoTls is not null && site.Tls.Iso is null)
            {
                problems.Add("listen.isoTls", "This listener needs a certificate. Add tls: { iso: { certificate: ..., key: ... } }, or"
                    + " remove it.");
            }

            if (listen.IsoTls is null && site.Tls.Iso is not null)
            {
                problems.Add("tls.iso", "No listener uses this certificate. Add listen.isoTls, such as 0.0.0.0:443, or remove it.");
            }
        }
    }

    private static bool Clash(IPEndPoint one, IPEndPoint other)
    {
        if (one.Port != other.Port || one.Port == 0)
        {
            return false;
        }

        // An IPv6 wildcard listens on IPv4 too.
        return one.Address.Equals(other.Address)
            || one.Address.Equals(IPAddress.IPv6Any) || other.Address.Equals(IPAddress.IPv6Any)
            || (one.AddressFamily == other.AddressFamily && (one.Address.Equals(IPAddress.Any) || other.Address.Equals(IPAddress.Any)));
    }

    private static void Exposure(SiteConfiguration site, Problems problems)
    {
        if (!IPAddress.IsLoopback(site.Listen.Api.Address) && site.Tls.Api is null && site.TrustedProxies.Count == 0
            && problems.Sound("listen.api", "tls", "tls.api", "trustedProxies"))
        {
            problems.Add("listen.api", $"{site.Listen.Api} can be reached from other machines and has no TLS, so tokens would be"
                + " readable on the way."
                + " Add tls: { api: { certificate: ..., key: ... } }; or name the proxy that speaks TLS in trustedProxies; or listen on"
                + " 127.0.0.1.");
        }

        for (var i = 0; i < site.TrustedProxies.Count; i++)
        {
            if (site.TrustedProxies[i].PrefixLength == 0)
            {
                problems.Add($"trustedProxies[{i}]", "This trusts every machine to say who a client is. Write the addresses of the"
                    + " proxies alone.");
            }
        }

        if (site.Tokens.Count == 0 && problems.Sound("tokens"))
        {
            problems.Warn("tokens", $"There are no tokens: the API answers through the socket {site.Socket} alone. 'isocatalog token'"
                + " makes one.");
        }
    }

    private static void Tokens(SiteConfiguration site, Problems problems)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var hashes = new Dictionary<Sha256Digest, string>();
        foreach (var token in site.Tokens)
        {
            problems.Unique(names, token.Name, token.Place, ".name", $"Another token ({{0}}) is named '{token.Name}' too. Give each its"
                + " own name.");
            if (token.Sha256 == default && !problems.IsBad(token.Place + ".sha256") || ObviousTokens.Holds(token.Sha256, token.Name, site.Site))
            {
                problems.Add(token.Place + ".sha256", "This is the hash of a word that anybody would guess. 'isocatalog token' makes a"
                    + " token that nobody can.");
            }
            else if (token.Sha256 != default)
            {
                problems.Unique(hashes, token.Sha256, token.Place, ".sha256", "This is the hash of {0} too. Give each user a token of"
                    + " its own.");
            }
        }
    }

    /// <summary>Reports a value that was seen before; {0} in the message becomes the place of the first.</summary>
    public static void Unique<T>(this Problems problems, Dictionary<T, string> seen, T value, string place, string key, string message)
        where T : notnull
    {
        if (value is "" || problems.IsBad(place + key) || seen.TryAdd(value, place))
        {
            return;
        }

        problems.Add(place + key, message.Replace("{0}", seen[value], StringComparison.Ordinal));
    }

    private static void Folders(SiteConfiguration site, Problems problems)
    {
        if (site.Data == "/")
        {
            problems.Add("data", "The root of the file system cannot be the data folder. Choose a folder of its own, such as"
                + " /var/lib/isocatalog.");
        }

        if (site.Data.Length > 0 && Paths.Overlap(site.Inbox.Path, site.Data) && !OwnFolder(site.Inbox.Path, site.Data) && problems.Sound("inbox.path"))
        {
            problems.Add("inbox.path", $"{site.Inbox.Path} is where the appliance keeps its own files. Choose a folder such as inbox.");
        }

        var length = Encoding.UTF8.GetByteCount(site.Socket);
        if (site.Data.Length > 0 && length > MaxSocketPath && problems.Sound("socket"))
        {
            problems.Add("socket", $"{site.Socket} has {length} bytes; a socket's path has at most {MaxSocketPath}. Set socket to a"
                + " shorter one, such as /run/isocatalog/isocatalog.sock.");
        }
    }

    private static bool OwnFolder(string inbox, string data)
    {
        string[] kept = ["store", "staging", "retired", "run", "documents", "keys"];
        return inbox != data && Paths.IsWithin(inbox, data) && !kept.Any(folder => Paths.IsWithin(inbox, Path.Combine(data, folder)));
    }

    private static void Peers(SiteConfiguration site, Problems problems)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < site.Peers.Count; i++)
        {
            problems.Unique(seen, site.Peers[i].Site, $"peers[{i}]", ".site", $"Another peer ({{0}}) is site '{site.Peers[i].Site}'"
                + " too. Name each site once.");
            if (site.Peers[i].Site.Length > 0 && site.Peers[i].Site == site.Site)
            {
                problems.Add($"peers[{i}].site", $"'{site.Site}' is this site. Name the other sites alone.");
            }
        }
    }

    private static void Swarm(SiteConfiguration site, Problems problems)
    {
        if (site.Listen.Swarm is not null && site.Listen.Fleet is null && problems.Sound("listen.fleet", "listen.swarm"))
        {
            problems.Add("listen.swarm", "The swarm carries what the fleet's documents name, so it needs listen.fleet too.");
        }

        if (site.Listen.Fleet is not null && site.Listen.Swarm is null && problems.Sound("listen.fleet", "listen.swarm"))
        {
            problems.Warn("listen.fleet", "Without listen.swarm other sites cannot fetch images from this one; it fetches from them all the same.");
        }

        if (site.Listen.Standard is not null && site.Listen.StandardAllow.Count == 0 && problems.Sound("listen.standard", "listen.standardAllow"))
        {
            problems.Add("listen.standard", "Plain BitTorrent is open to nobody until listen.standardAllow names the networks that may connect.");
        }
    }

    /// <summary>Was none of these found wrong already?</summary>
    public static bool Sound(this Problems problems, params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
        {
            if (problems.IsBad(path))
            {
                return false;
            }
        }

        return true;
    }
}
