using System.Numerics;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Swarm.Wire;

namespace IsoCatalog.Swarm.Pieces;

/// <summary>
/// Answers hash requests (BEP 52) for an image of which the piece layer is known; what lies below it is computed from the leaves of a
/// piece, which the caller reads. Thread-safe.
/// </summary>
internal sealed class TreeReader(Torrent torrent)
{
    private const int Node = Sha256Digest.Length;

    // Asking for more at once would make us read more than the largest piece.
    private const int MaxLeaves = 1024;

    private readonly int _pieceLevel = torrent.Size == 0 ? 0 : BitOperations.Log2((uint)torrent.Geometry.LeavesUnder(0));
    private readonly Lazy<byte[][]> _upper = new(() => Upper(torrent));

    private int Layers => _pieceLevel + BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, torrent.Geometry.Pieces)));

    /// <summary>Whether the request is one that can be answered: within the tree, aligned, not too much at once.</summary>
    public bool IsValid(HashRequest request) =>
        request.Root == torrent.Root && torrent.Size > 0
        && request is { BaseLayer: >= 0, Index: >= 0, Count: > 1 and <= 8192, ProofLayers: >= 0 }
        && BitOperations.IsPow2(request.Count) && request.Index % request.Count == 0
        && request.BaseLayer < Layers && request.ProofLayers < Layers - request.BaseLayer
        && request.Index + (long)request.Count <= 1L << (Layers - request.BaseLayer)
        && (request.BaseLayer >= _pieceLevel || (long)request.Count << request.BaseLayer <= MaxLeaves);

    /// <summary>The pieces whose leaves are needed for the answer.</summary>
    public (int First, int Last) PiecesBelow(HashRequest request)
    {
        if (request.BaseLayer >= _pieceLevel)
        {
            return (0, -1);
        }

        var shift = _pieceLevel - request.BaseLayer;
        return (request.Index >> shift, Math.Min((request.Index + request.Count - 1) >> shift, torrent.Geometry.Pieces - 1));
    }

    /// <summary>The run and its uncles.</summary>
    /// <param name="leaves">The leaf hashes of a piece, each block's 32 bytes.</param>
    public byte[] Answer(HashRequest request, Func<int, byte[]> leaves)
    {
        var uncles = request.Uncles;
        var answer = new byte[(request.Count + uncles) * Node];
        Run(request.BaseLayer, request.Index, answer.AsSpan(0, request.Count * Node), leaves);
        var level = request.BaseLayer + BitOperations.Log2((uint)request.Count);
        var index = request.Index / request.Count;
        for (var i = 0; i < uncles; i++, level++, index /= 2)
        {
            Run(level, index ^ 1, answer.AsSpan((request.Count + i) * Node, Node), leaves);
        }

        return answer;
    }

    private void Run(int level, int index, Span<byte> nodes, Func<int, byte[]> leaves)
    {
        if (level >= _pieceLevel)
        {
            var row = _upper.Value[level - _pieceLevel];
            row.AsSpan(index * Node, nodes.Length).CopyTo(nodes);
            return;
        }

        var perPiece = 1 << (_pieceLevel - level);
        while (nodes.Length > 0)
        {
            var (piece, start) = (index / perPiece, index % perPiece);
            var taken = Math.Min(perPiece - start, nodes.Length / Node);
            if (piece >= torrent.Geometry.Pieces)
            {
                Fill(nodes[..(taken * Node)], HashTree.PaddingNode(level));
            }
            else
            {
                Row(leaves(piece), level).AsSpan(start * Node, taken * Node).CopyTo(nodes);
            }

            nodes = nodes[(taken * Node)..];
            index += taken;
        }
    }

    // The nodes of one piece at a level, padding included.
    private byte[] Row(byte[] leaves, int level)
    {
        var row = new byte[Node << _pieceLevel];
        leaves.CopyTo(row, 0);
        for (var at = 0; at < level; at++)
        {
            LeafHasher.Current.HashPairs(row.AsSpan(0, Node << (_pieceLevel - at)), row);
        }

        return row;
    }

    private static byte[][] Upper(Torrent torrent)
    {
        var width = (int)BitOperations.RoundUpToPowerOf2((uint)torrent.Geometry.Pieces);
        var row = new byte[width * Node];
        if (torrent.PieceLayer.Length == 0)
        {
            torrent.Root.CopyTo(row);
            return [row];
        }

        torrent.PieceLayer.Span.CopyTo(row);
        Fill(row.AsSpan(torrent.PieceLayer.Length), HashTree.PaddingNode(torrent.Geometry.PieceLevel));
        var rows = new List<byte[]> { row };
        for (; width > 1; width /= 2)
        {
            var above = new byte[width / 2 * Node];
            LeafHasher.Current.HashPairs(rows[^1], above);
            rows.Add(above);
        }

        return [.. rows];
    }

    private static void Fill(Span<byte> nodes, ReadOnlySpan<byte> node)
    {
        for (; nodes.Length > 0; nodes = nodes[Node..])
        {
            node.CopyTo(nodes);
        }
    }
}
