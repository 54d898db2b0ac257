using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Benchmarks.Hashing;

/// <summary>The v2 root on one core: what reading an image back costs.</summary>
internal sealed class MerkleRow(Processor processor) : HashingRow(processor)
{
    public override string Name => "merkle" + Processor.Suffix;

    public override string What => "v2 root of a file, one core";

    // The target is for processors that have AVX-512 and no SHA-NI, or are made to look so.
    public override double? Target => LeafHasher.IsSupported(LeafHashing.Avx512) && (Processor.Masked || !Processor.HasShaNi) ? 5 : null;

    protected override string Work => HashingChild.Root;
}
