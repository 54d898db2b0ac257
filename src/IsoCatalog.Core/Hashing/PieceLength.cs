using System.Numerics;

namespace IsoCatalog.Core.Hashing;

/// <summary>
/// The piece length of an image as a pure function of its size, so that every site derives the same info dictionary.
/// The largest power of two that leaves at least 1,024 pieces, but no less than 16 KiB and no more than 16 MiB:
/// <code>
/// size           piece length      pieces
/// below 32 MiB       16 KiB         0..2,047
/// 32 MiB             32 KiB     1,024..2,047
/// 64 MiB             64 KiB     1,024..2,047
/// ... doubling with the size ...
/// 4 GiB               4 MiB     1,024..2,047
/// 8 GiB               8 MiB     1,024..2,047
/// from 16 GiB        16 MiB     1,024 and more
/// </code>
/// The table never changes: a published entry names the info hashes that follow from it.
/// </summary>
public static class PieceLength
{
    public const int Min = 16 * 1024;
    public const int Max = 16 * 1024 * 1024;

    private const int FewestPieces = 1024;

    /// <exception cref="ArgumentOutOfRangeException">The size is negative.</exception>
    public static int For(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        var floor = (ulong)size / FewestPieces;
        return floor switch
        {
            < Min => Min,
            >= Max => Max,
            _ => 1 << BitOperations.Log2(floor),
        };
    }
}
