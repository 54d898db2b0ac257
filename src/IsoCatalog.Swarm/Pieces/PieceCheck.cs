using System.Numerics;
using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm.Pieces;

/// <summary>The digests of blocks and pieces. Pure; every thread may hash at the same time.</summary>
internal static class PieceCheck
{
    private const int Node = Sha256Digest.Length;

    /// <summary>The SHA-256 of each block of consecutive bytes; only the last may be shorter than 16 KiB.</summary>
    public static void HashBlocks(ReadOnlySpan<byte> bytes, Span<byte> digests)
    {
        var whole = bytes.Length / PieceGeometry.BlockLength * PieceGeometry.BlockLength;
        LeafHasher.Current.HashLeaves(bytes[..whole], digests);
        if (whole < bytes.Length)
        {
            SHA256.HashData(bytes[whole..], digests[(whole / PieceGeometry.BlockLength * Node)..]);
        }
    }

    /// <summary>Hashes some blocks of a word that lies in memory.</summary>
    public static void HashBlocks(OpenPiece piece, int word, ulong mask)
    {
        var bytes = piece.Bytes(word).AsSpan(0, piece.LengthOf(word));
        while (mask != 0)
        {
            var first = BitOperations.TrailingZeroCount(mask);
            var count = BitOperations.TrailingZeroCount(~(mask >> first));
            count = Math.Min(count, OpenPiece.WordBlocks - first);
            var start = first * PieceGeometry.BlockLength;
            var length = Math.Min(count * PieceGeometry.BlockLength, bytes.Length - start);
            HashBlocks(bytes.Slice(start, length), piece.Digests.AsSpan((word * OpenPiece.WordBlocks + first) * Node));
            mask = first + count == OpenPiece.WordBlocks ? 0 : mask & (ulong.MaxValue << (first + count));
        }
    }

    /// <summary>The node above the digests of a piece's blocks, to be compared with the torrent's.</summary>
    public static Sha256Digest Root(PieceGeometry geometry, int piece, ReadOnlySpan<byte> digests) =>
        HashTree.Root(digests, 0, geometry.LeavesUnder(piece));

    /// <summary>The blocks of which the digest is not the right one.</summary>
    public static ulong[] Wrong(OpenPiece piece)
    {
        var wrong = new ulong[piece.Words];
        for (var block = 0; block < piece.Blocks; block++)
        {
            var (word, bit) = (block / OpenPiece.WordBlocks, OpenPiece.Bit(block));
            var right = (piece.Received[word] & bit) == 0
                || piece.Digests.AsSpan(block * Node, Node).SequenceEqual(piece.Leaves.AsSpan(block * Node, Node));
            wrong[word] |= right ? 0 : bit;
        }

        return wrong;
    }
}
