using System.Collections.Frozen;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>Every key of the file, by section. <c>config/site.schema.json</c> has one definition of the same name for each section, and a
/// test holds the two equal.</summary>
internal static class KnownKeys
{
    public const string Root = "site";

    public static readonly FrozenDictionary<string, string[]> BySection = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        [Root] =
        [
            "site", "data", "listen", "tls", "trustedProxies", "socket", "tokens", "peers", "fetch", "inbox", "retired", "store", "scrub", "alarms",
            "hashing", "offer", "log", "surfaces",
        ],
        ["listen"] = ["api", "iso", "isoTls", "isoPerAddress", "fleet", "swarm", "metrics", "standard", "standardAllow"],
        ["tls"] = ["api", "iso"],
        ["certificate"] = ["certificate", "key"],
        ["token"] = ["name", "role", "sha256", "allow"],
        ["peer"] = ["site", "fleet", "swarm"],
        ["fetch"] = ["want", "streams", "download", "upload", "schedule", "timezone"],
        ["window"] = ["days", "from", "to", "download", "upload"],
        ["inbox"] = ["path", "rescan"],
        ["alarms"] = ["changes", "share", "newPerDay"],
        ["retired"] = ["keep", "quota"],
        ["store"] = ["floor"],
        ["scrub"] = ["every", "rate"],
        ["log"] = ["format", "level"],
        [SurfaceKinds.Ipmi] = ["name", "kind", "group", "address", "allow"],
        [SurfaceKinds.Volume] = ["name", "kind", "group", "path", "clientPath", "readOnly", "check", "onDelete", "present"],
        [SurfaceKinds.OvirtIsoDomain] = ["name", "kind", "group", "path", "domain", "engine", "check"],
        [SurfaceKinds.OvirtDisks] = ["name", "kind", "group", "domain", "engine", "check"],
        ["present"] = ["smb", "nfs"],
        ["engine"] = ["url", "user", "passwordFile", "caFile"],
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
