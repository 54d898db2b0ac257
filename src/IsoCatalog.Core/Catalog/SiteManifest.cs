using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// What a site says, signed as a whole: the list of its chunks, in which its newest entry of each register stands. State, not history: any one of a site's
/// manifests, with its chunks, says all that the site said until then. Nothing is ever said by leaving it out.
/// </summary>
public sealed record SiteManifest
{
    public const string PayloadType = "application/vnd.isocatalog.site.v1+json";

    /// <summary>Bytes of a payload.</summary>
    public const int MaxPayload = 256 << 10;

    public const int MaxVoids = 256;

    public string Type { get; init; } = "site";

    public required RandomId Fleet { get; init; }

    public required string Site { get; init; }

    /// <summary>Grows with each start of the site.</summary>
    public required long Epoch { get; init; }

    /// <summary>From 1 in each epoch.</summary>
    public required long Seq { get; init; }

    /// <summary>Payload of <c>seq - 1</c>; for 1 the last known document of an earlier epoch, or null.</summary>
    public Sha256Digest? Prev { get; init; }

    /// <summary>Random per epoch: tells a restored site from a second one.</summary>
    public required RandomId BootId { get; init; }

    public required DateTimeOffset Issued { get; init; }

    /// <summary>From then on the site's word is stale; its entries stay.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>Not below any stamp of its entries.</summary>
    public required HybridTime Hlc { get; init; }

    public required TrustRef Trust { get; init; }

    /// <summary>The newest document of each other site that the writer had admitted.</summary>
    public IReadOnlyDictionary<string, DocumentRef> Seen { get; init; } = new Dictionary<string, DocumentRef>();

    /// <summary>Ascending by bucket; a bucket without entries is not listed.</summary>
    public required IReadOnlyList<ChunkRef> Chunks { get; init; }

    /// <summary>Own documents that were signed with a wrong clock and that peers still hold back: they are to be dropped.</summary>
    public IReadOnlyList<Sha256Digest> Voids { get; init; } = [];

    public IReadOnlyList<string> Critical { get; init; } = [];

    public JsonElement? Ext { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    public byte[] ToPayload() => JsonSerializer.SerializeToUtf8Bytes(this, FormatJson.Default.SiteManifest);
}

/// <summary>Where a chunk is found, and how much will come.</summary>
/// <param name="Bucket">0 to 255: see <see cref="RegisterKey.Bucket"/>.</param>
/// <param name="Sha256">Of the chunk's bytes.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Entries">How many are in it.</param>
public sealed record ChunkRef(int Bucket, Sha256Digest Sha256, int Size, int Entries);

/// <summary>A reading of a hybrid logical clock: milliseconds since 1970 and a counter.</summary>
public readonly record struct HybridTime(long Ms, int N) : IComparable<HybridTime>
{
    public static HybridTime Of(Stamp stamp)
    {
        ArgumentNullException.ThrowIfNull(stamp);
        return new(stamp.Ms, stamp.N);
    }

    public Stamp For(string site) => new(Ms, N, site);

    public int CompareTo(HybridTime other) => (Ms, N).CompareTo((other.Ms, other.N));

    public static bool operator <(HybridTime left, HybridTime right) => left.CompareTo(right) < 0;

    public static bool operator >(HybridTime left, HybridTime right) => left.CompareTo(right) > 0;

    public static bool operator <=(HybridTime left, HybridTime right) => left.CompareTo(right) <= 0;

    public static bool operator >=(HybridTime left, HybridTime right) => left.CompareTo(right) >= 0;
}
