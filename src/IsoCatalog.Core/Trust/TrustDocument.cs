using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Trust;

/// <summary>
/// Who belongs to a fleet and which keys speak for whom, signed by the root keys; the root role of TUF 1.0.34 without the other roles. Immutable. A document by
/// itself proves nothing: see <see cref="TrustChain"/>.
/// </summary>
public sealed partial record TrustDocument
{
    public const string PayloadType = "application/vnd.isocatalog.trust.v1+json";

    /// <summary>Bytes of a payload.</summary>
    public const int MaxPayload = 1 << 20;

    public const int MaxSites = 64;

    public const int MaxKeys = 1024;

    public string Type { get; init; } = "trust";

    public required RandomId Fleet { get; init; }

    /// <summary>From 1, without a gap.</summary>
    public required long Version { get; init; }

    /// <summary>SHA-256 of the payload of the version before; null for the first.</summary>
    public Sha256Digest? Prev { get; init; }

    public required DateTimeOffset Issued { get; init; }

    /// <summary>From then on nothing new is written; what there is, is served on.</summary>
    public required DateTimeOffset Expires { get; init; }

    public required TrustRoot Root { get; init; }

    /// <summary>By key id (<see cref="VerifyingKey.KeyId"/>): root keys, and those of sites, past ones included.</summary>
    public required IReadOnlyDictionary<string, TrustKey> Keys { get; init; }

    /// <summary>By <see cref="SiteId"/>.</summary>
    public required IReadOnlyDictionary<string, TrustSite> Sites { get; init; }

    public TrustParams Params { get; init; } = new();

    /// <summary>What a reader must understand before it may act on the document; a name it does not know makes it stay at the version before.</summary>
    public IReadOnlyList<string> Critical { get; init; } = [];

    public JsonElement? Ext { get; init; }

    /// <summary>Members of later versions.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    public byte[] ToPayload() => JsonSerializer.SerializeToUtf8Bytes(this, TrustJson.Default.TrustDocument);

    public bool IsExpired(DateTimeOffset now) => now >= Expires;
}

/// <param name="Threshold">How many of the keys must sign.</param>
/// <param name="Keys">Key ids.</param>
public sealed record TrustRoot(int Threshold, IReadOnlyList<string> Keys);

/// <summary>A site as the trust document knows it.</summary>
public sealed record TrustSite
{
    public string? Display { get; init; }

    /// <summary>See <see cref="SiteStatus"/>.</summary>
    public string Status { get; init; } = SiteStatus.Active;

    /// <summary>Key ids, of both uses.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Documents of the current keys with a lower epoch do not count: what undoes an attacker's jump ahead (TUF fast-forward recovery).</summary>
    public long MinEpoch { get; init; } = 1;

    /// <summary>What earlier keys signed and still counts.</summary>
    public IReadOnlyList<PastKey> Past { get; init; } = [];

    /// <summary>What it stamped by a clock that ran ahead; null when it never did.</summary>
    public IReadOnlyList<ClockRepair>? ClockRepairs { get; init; }

    /// <summary>Where it is reached; a site's own configuration goes before it.</summary>
    public SiteAddress? Address { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>Sets aside what a site stamped in the future.</summary>
/// <param name="Above">Milliseconds: entries with a later stamp do not count, all others of the same document do.</param>
/// <param name="Before">In documents that were signed under an earlier trust version than this: what the site says knowing of the repair counts whole.</param>
public sealed record ClockRepair(long Above, long Before);

public static class SiteStatus
{
    public const string Active = "active";

    /// <summary>Given up in good order; what it said counts up to the document that <see cref="PastKey"/> names.</summary>
    public const string Retired = "retired";

    /// <summary>Its key was in wrong hands; only listed documents count.</summary>
    public const string Revoked = "revoked";
}

/// <param name="Fleet">host:port of the fleet listener.</param>
/// <param name="Swarm">host:port of the swarm listener.</param>
public sealed record SiteAddress(string Fleet, string Swarm);

/// <summary>A key that a site had, and which of its documents still count.</summary>
public sealed record PastKey
{
    public const string KeepList = "keep-list";

    public const string UpTo = "upto";

    public required string Kid { get; init; }

    /// <summary><see cref="KeepList"/>: only the documents of <see cref="Docs"/>. <see cref="UpTo"/>: all up to the named one.</summary>
    public required string Mode { get; init; }

    /// <summary>SHA-256 of payloads.</summary>
    public IReadOnlyList<Sha256Digest>? Docs { get; init; }

    public long? Epoch { get; init; }

    public long? Seq { get; init; }

    public Sha256Digest? Sha256 { get; init; }
}

/// <summary>Limits that all sites must share, because they decide what is admitted.</summary>
public sealed record TrustParams
{
    /// <summary>How far ahead of the reference clock a document may be.</summary>
    public long MaxFutureMs { get; init; } = 300_000;

    /// <summary>For how long a site's word is fresh.</summary>
    public long CatalogTtlS { get; init; } = 604_800;

    /// <summary>Bytes of all chunks of one site document.</summary>
    public long MaxDocBytes { get; init; } = 32 << 20;

    /// <summary>Entries of one site document.</summary>
    public int MaxEntries { get; init; } = 20_000;

    /// <summary>Documents of one site that none of its newer ones covers; more means a flood.</summary>
    public int MaxRetained { get; init; } = 8;

    /// <summary>Milliseconds of the clock of entries: deletions before it may be forgotten. Not acted on yet.</summary>
    public long? TombstoneFloor { get; init; }

    /// <summary>How much one site may put into the catalog; null for no more limits than the others.</summary>
    public SiteQuota? Quota { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}
