using System.Numerics;
using System.Security.Cryptography;

namespace IsoCatalog.Core.Hashing;

/// <summary>The hash tree of BEP 52: SHA-256 over 16 KiB leaves, two children to a node, absent leaves are 32 zero bytes.</summary>
public static class MerkleTree
{
    /// <summary>Bytes in a leaf; the last leaf of an image may be shorter and is hashed as it is.</summary>
    public const int LeafLength = 16 * 1024;

    private const int Node = Sha256Digest.Length;

    // A 64-bit size has fewer than 2^50 leaves.
    private static readonly byte[] Padding = MakePadding(51);

    /// <summary>
    /// The root that we give to an image of no bytes: the value of an absent leaf. BEP 52 has none for it, metainfo leaves it out.
    /// </summary>
    public static Sha256Digest EmptyRoot => default;

    /// <summary>A node whose subtree, this many levels deep, lies wholly beyond the end of the file.</summary>
    internal static ReadOnlySpan<byte> PaddingNode(int level) => Padding.AsSpan(level * Node, Node);

    /// <summary>Replaces the nodes by those <paramref name="levels"/> above; their count must be a multiple of two to that power.</summary>
    internal static Span<byte> Reduce(Span<byte> nodes, int levels, LeafHasher hasher)
    {
        for (; levels > 0; levels--)
        {
            hasher.HashPairs(nodes, nodes);
            nodes = nodes[..(nodes.Length / 2)];
        }

        return nodes;
    }

    /// <summary>The root above nodes which stand <paramref name="level"/> levels above the leaves, padded to the next power of two.</summary>
    internal static Sha256Digest Root(ReadOnlySpan<byte> nodes, int level, LeafHasher hasher)
    {
        var count = nodes.Length / Node;
        if (count == 0)
        {
            return EmptyRoot;
        }

        var width = (int)BitOperations.RoundUpToPowerOf2((uint)count);
        Span<byte> row = new byte[width * Node];
        nodes.CopyTo(row);
        Pad(row[nodes.Length..], level);
        return new Sha256Digest(Reduce(row, BitOperations.Log2((uint)width), hasher));
    }

    internal static void Pad(Span<byte> nodes, int level)
    {
        for (; nodes.Length > 0; nodes = nodes[Node..])
        {
            PaddingNode(level).CopyTo(nodes);
        }
    }

    private static byte[] MakePadding(int levels)
    {
        var padding = new byte[levels * Node];
        Span<byte> pair = stackalloc byte[2 * Node];
        for (var level = 1; level < levels; level++)
        {
            var below = padding.AsSpan((level - 1) * Node, Node);
            below.CopyTo(pair);
            below.CopyTo(pair[Node..]);
            SHA256.HashData(pair, padding.AsSpan(level * Node));
        }

        return padding;
    }
}
