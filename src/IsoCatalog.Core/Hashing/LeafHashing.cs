namespace IsoCatalog.Core.Hashing;

/// <summary>How the 16 KiB leaves of the v2 Merkle tree are hashed.</summary>
public enum LeafHashing
{
    /// <summary>Whichever of the others is measured fastest on this machine.</summary>
    Auto,

    /// <summary>Sixteen leaves at a time; needs AVX-512 F and BW.</summary>
    Avx512,

    /// <summary>Eight leaves at a time; needs AVX2.</summary>
    Avx2,

    /// <summary>One leaf at a time with the platform's SHA-256, which uses SHA-NI where the processor has it.</summary>
    Platform,
}
