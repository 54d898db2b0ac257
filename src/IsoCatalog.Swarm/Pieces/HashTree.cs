using System.Numerics;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm.Pieces;

/// <summary>Reduction of rows of the BEP 52 tree, and the proofs that tie a run of hashes to a node above them.</summary>
internal static class HashTree
{
    private const int Node = Sha256Digest.Length;

    private static readonly byte[] Padding = MakePadding(51);

    /// <summary>A node at this level above the leaves with nothing but absent leaves below it.</summary>
    public static ReadOnlySpan<byte> PaddingNode(int level) => Padding.AsSpan(level * Node, Node);

    /// <summary>The node above a row of nodes that stand at a level, padded to the next power of two.</summary>
    public static Sha256Digest Root(ReadOnlySpan<byte> row, int level) =>
        Root(row, level, (int)BitOperations.RoundUpToPowerOf2((uint)(row.Length / Node)));

    /// <summary>The node above a row of nodes that stand at a level, padded to a width, which is a power of two.</summary>
    public static Sha256Digest Root(ReadOnlySpan<byte> row, int level, int width)
    {
        var nodes = new byte[width * Node];
        row.CopyTo(nodes);
        for (var rest = nodes.AsSpan(row.Length); rest.Length > 0; rest = rest[Node..])
        {
            PaddingNode(level).CopyTo(rest);
        }

        for (; width > 1; width /= 2)
        {
            LeafHasher.Current.HashPairs(nodes.AsSpan(0, width * Node), nodes);
        }

        return new Sha256Digest(nodes.AsSpan(0, Node));
    }

    /// <summary>The node that a run of hashes and the uncles above it prove.</summary>
    /// <param name="hashes">A power of two of them.</param>
    /// <param name="index">Where the run starts in its row; a multiple of the run's length.</param>
    public static Sha256Digest Prove(ReadOnlySpan<byte> hashes, int index, ReadOnlySpan<byte> uncles)
    {
        var count = hashes.Length / Node;
        var node = Root(hashes, 0, count);
        Span<byte> pair = stackalloc byte[2 * Node];
        for (var position = index / count; uncles.Length > 0; position /= 2, uncles = uncles[Node..])
        {
            var right = position % 2 == 1;
            node.CopyTo(pair[(right ? Node : 0)..]);
            uncles[..Node].CopyTo(pair[(right ? 0 : Node)..]);
            LeafHasher.Current.HashPairs(pair, pair);
            node = new Sha256Digest(pair[..Node]);
        }

        return node;
    }

    private static byte[] MakePadding(int levels)
    {
        var padding = new byte[levels * Node];
        Span<byte> pair = stackalloc byte[2 * Node];
        for (var level = 1; level < levels; level++)
        {
            padding.AsSpan((level - 1) * Node, Node).CopyTo(pair);
            pair[..Node].CopyTo(pair[Node..]);
            LeafHasher.Current.HashPairs(pair, padding.AsSpan(level * Node));
        }

        return padding;
    }
}
