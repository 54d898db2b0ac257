using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Readiness;

/// <summary>Which flat SHA-256, root and size belong together, as far as this site computed all three itself from the same bytes. Immutable.</summary>
public sealed record ComputedPairs
{
    public static readonly ComputedPairs None = new();

    private ImmutableDictionary<Sha256Digest, ComputedPair> ByRoot { get; init; } = ImmutableDictionary<Sha256Digest, ComputedPair>.Empty;

    private ImmutableDictionary<ImageId, ComputedPair> ByImage { get; init; } = ImmutableDictionary<ImageId, ComputedPair>.Empty;

    public static ComputedPairs Of(IEnumerable<ComputedPair> pairs)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        return pairs.Aggregate(None, (all, pair) => all.With(pair));
    }

    /// <summary>The first time that a pair was computed stays.</summary>
    public ComputedPairs With(ComputedPair pair)
    {
        ArgumentNullException.ThrowIfNull(pair);
        return ByRoot.ContainsKey(pair.Root) ? this : new ComputedPairs { ByRoot = ByRoot.Add(pair.Root, pair), ByImage = ByImage.SetItem(pair.Image, pair) };
    }

    /// <summary>What was computed that speaks for or against the claim; null when nothing does.</summary>
    public ComputedPair? About(ImageValue claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return ByRoot.GetValueOrDefault(claim.Root) ?? ByImage.GetValueOrDefault(new ImageId(claim.Sha256));
    }

    /// <summary>True or false is the claim for ever; null as long as this site has not computed it.</summary>
    public bool? Verdict(ImageValue claim) => About(claim) is { } pair ? pair.Agrees(claim) : null;
}

/// <param name="Image">By the flat SHA-256.</param>
/// <param name="Size">Bytes.</param>
/// <param name="At">When it was computed.</param>
public sealed record ComputedPair(ImageId Image, Sha256Digest Root, long Size, DateTimeOffset At)
{
    public bool Agrees(ImageValue claim)
    {
        ArgumentNullException.ThrowIfNull(claim);
        return (Image.Sha256, Root, Size) == (claim.Sha256, claim.Root, claim.Size);
    }
}
