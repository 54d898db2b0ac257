using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Catalog;

/// <summary>Two signed documents of one site that cannot both belong to one history: a restored or cloned machine, or a stolen key. Nothing is lost by it: both
/// are joined.</summary>
/// <param name="Kind">same-seq: two documents have one place. broken-chain: a document does not follow the one before it.</param>
public sealed record ForkEvidence(string Site, string Kind, long Epoch, long Seq, Sha256Digest First, Sha256Digest Second)
{
    public const string SameSeq = "same-seq";

    public const string BrokenChain = "broken-chain";

    /// <summary>It tells of the same two documents, in whatever order they came.</summary>
    public bool IsSame(ForkEvidence other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return this == other || this == other with { First = other.Second, Second = other.First };
    }
}
