using System.Numerics;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm.Pieces;

/// <summary>How the bytes of an image are cut into pieces and blocks; a block is a leaf of the v2 tree, 16 KiB.</summary>
internal sealed class PieceGeometry
{
    public const int BlockLength = MerkleTree.LeafLength;

    public PieceGeometry(long size, int pieceLength)
    {
        (Size, PieceLength) = (size, pieceLength);
        Pieces = (int)((size + pieceLength - 1) / pieceLength);
        BlocksPerPiece = pieceLength / BlockLength;
    }

    public long Size { get; }

    public int PieceLength { get; }

    public int Pieces { get; }

    public int BlocksPerPiece { get; }

    /// <summary>Levels from the leaves to the piece layer.</summary>
    public int PieceLevel => BitOperations.Log2((uint)BlocksPerPiece);

    /// <summary>Leaves, padding included, below the node that a piece is compared with: a lone piece stands under the root itself.</summary>
    public int LeavesUnder(int piece) => Pieces > 1 ? BlocksPerPiece : (int)BitOperations.RoundUpToPowerOf2((uint)BlocksOf(piece));

    public long OffsetOf(int piece) => (long)piece * PieceLength;

    public int LengthOf(int piece) => (int)Math.Min(PieceLength, Size - OffsetOf(piece));

    public int BlocksOf(int piece) => (LengthOf(piece) + BlockLength - 1) / BlockLength;

    public int LengthOf(int piece, int block) => Math.Min(BlockLength, LengthOf(piece) - block * BlockLength);
}
