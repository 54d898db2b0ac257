namespace IsoCatalog.Core.Hashing;

/// <summary>
/// All that one read of an image gives: its flat SHA-256 and what BitTorrent v2 and v1 (BEP 52, BEP 3) need to describe it.
/// </summary>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">SHA-256 over all bytes in order, as vendors publish it.</param>
/// <param name="Root">The v2 <c>pieces root</c>; 32 zero bytes for an empty image (see <see cref="MerkleTree.EmptyRoot"/>).</param>
/// <param name="PieceLength">Bytes in a piece: <see cref="Hashing.PieceLength.For"/> of the size.</param>
/// <param name="PieceLayer">The v2 piece layer, 32 bytes for each piece; empty when the image fits in one piece.</param>
/// <param name="V1Pieces">The v1 <c>pieces</c> string, 20 bytes for each piece; empty for an empty image.</param>
public sealed record ImageDigests(
    long Size,
    Sha256Digest Sha256,
    Sha256Digest Root,
    int PieceLength,
    ReadOnlyMemory<byte> PieceLayer,
    ReadOnlyMemory<byte> V1Pieces);
