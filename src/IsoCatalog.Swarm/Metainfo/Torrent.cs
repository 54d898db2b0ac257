using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Pieces;

namespace IsoCatalog.Swarm.Metainfo;

/// <summary>
/// Metainfo of one image (BEP 52, v2 or hybrid) that is consistent in itself: the piece layer hashes to the root, the v1 half has the same
/// name, size and pieces. Whether the root is the right one is for the caller to compare. Immutable.
/// </summary>
public sealed class Torrent
{
    private const int MaxPieces = 1 << 20;

    private Torrent(PieceGeometry geometry, string name, Sha256Digest root, Sha256Digest infoV2, Sha1Digest? infoV1, Sha1Digest? infoV1Alone, ReadOnlyMemory<byte> layer)
    {
        (Geometry, Name, Root, InfoV2, InfoV1, InfoV1Alone, PieceLayer) = (geometry, name, root, infoV2, infoV1, infoV1Alone, layer);
    }

    /// <summary>A plain file name.</summary>
    public string Name { get; }

    /// <summary>Bytes.</summary>
    public long Size => Geometry.Size;

    public int PieceLength => Geometry.PieceLength;

    /// <summary>The v2 <c>pieces root</c>; <see cref="MerkleTree.EmptyRoot"/> for an image of no bytes.</summary>
    public Sha256Digest Root { get; }

    public Sha256Digest InfoV2 { get; }

    /// <summary>Null for a torrent that has no v1 half.</summary>
    public Sha1Digest? InfoV1 { get; }

    /// <summary>The info hash of <see cref="ImageMetainfo.BuildV1"/>, under which clients that read no hybrid torrent ask for the same bytes.</summary>
    public Sha1Digest? InfoV1Alone { get; }

    /// <summary>32 bytes for each piece; empty when the image fits in one, whose hash is the root.</summary>
    public ReadOnlyMemory<byte> PieceLayer { get; }

    internal PieceGeometry Geometry { get; }

    /// <summary>The v2 hash of a piece: the node of the tree that its leaves must reduce to.</summary>
    internal Sha256Digest PieceHash(int piece) =>
        PieceLayer.Length == 0 ? Root : new Sha256Digest(PieceLayer.Span.Slice(piece * Sha256Digest.Length, Sha256Digest.Length));

    /// <summary>What <see cref="ImageMetainfo.Build"/> writes for this image.</summary>
    public static Torrent From(ImageDigests digests) =>
        TryParse(ImageMetainfo.Build(digests).TorrentFile, out var torrent, out var error)
            ? torrent
            : throw new ArgumentException($"The digests describe no image: {error}.", nameof(digests));

    /// <summary>Reads a torrent file from anyone, 16 MiB at most. Never throws for what the bytes say.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> file, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Torrent? torrent, out TorrentError error)
    {
        torrent = null;
        if (!BencodeReader.TryRead(file, BencodeLimits.TorrentFile, out var value, out var bencode))
        {
            error = new TorrentError(TorrentFault.NotBencoded, bencode);
            return false;
        }

        error = new TorrentError(Read(value, out torrent), null);
        return torrent is not null;
    }

    private static TorrentFault Read(BencodeValue value, out Torrent? torrent)
    {
        torrent = null;
        if (value is not BencodeValue.Dict top)
        {
            return TorrentFault.NotADictionary;
        }

        if (top["info"] is not BencodeValue.Dict info)
        {
            return TorrentFault.NoInfo;
        }

        if (info["meta version"] is not BencodeValue.Integer { Value: 2 })
        {
            return TorrentFault.NotVersion2;
        }

        if (info["file tree"] is not BencodeValue.Dict { Entries: [var only] } || only.Value is not BencodeValue.Dict { Entries: [{ Key.Length: 0 } leaf] }
            || leaf.Value is not BencodeValue.Dict file)
        {
            return TorrentFault.NotOneFile;
        }

        if (!TryName(info["name"], out var name) || !only.Key.Span.SequenceEqual(Encoding.UTF8.GetBytes(name)))
        {
            return TorrentFault.BadName;
        }

        if (file["length"] is not BencodeValue.Integer { Value: >= 0 and <= ImageHasher.MaxSize } size)
        {
            return TorrentFault.BadSize;
        }

        if (info["piece length"] is not BencodeValue.Integer { Value: >= Core.Hashing.PieceLength.Min and <= Core.Hashing.PieceLength.Max } length
            || !BitOperations.IsPow2(length.Value))
        {
            return TorrentFault.BadPieceLength;
        }

        if ((size.Value + length.Value - 1) / length.Value > MaxPieces)
        {
            return TorrentFault.TooManyPieces;
        }

        var geometry = new PieceGeometry(size.Value, (int)length.Value);
        var fault = ReadTree(top, file, geometry, out var root, out var layer);
        if (fault != TorrentFault.None)
        {
            return fault;
        }

        if (!TryV1(info, geometry, name, out var infoV1, out var infoV1Alone))
        {
            return TorrentFault.V1DoesNotMatchV2;
        }

        torrent = new Torrent(geometry, name, root, new Sha256Digest(SHA256.HashData(info.Source.Span)), infoV1, infoV1Alone, layer);
        return TorrentFault.None;
    }

    private static TorrentFault ReadTree(
        BencodeValue.Dict top, BencodeValue.Dict file, PieceGeometry geometry, out Sha256Digest root, out ReadOnlyMemory<byte> layer)
    {
        (root, layer) = (MerkleTree.EmptyRoot, default);
        if (geometry.Size == 0)
        {
            return file["pieces root"] is null ? TorrentFault.None : TorrentFault.BadRoot;
        }

        if (file["pieces root"] is not BencodeValue.ByteString { Bytes.Length: Sha256Digest.Length } rootBytes)
        {
            return TorrentFault.BadRoot;
        }

        root = new Sha256Digest(rootBytes.Bytes.Span);
        if (geometry.Pieces == 1)
        {
            return TorrentFault.None;
        }

        if (top["piece layers"] is not BencodeValue.Dict layers || layers[rootBytes.Bytes.Span] is not BencodeValue.ByteString layerBytes)
        {
            return TorrentFault.NoPieceLayer;
        }

        if (layerBytes.Bytes.Length != geometry.Pieces * (long)Sha256Digest.Length)
        {
            return TorrentFault.BadPieceLayer;
        }

        layer = layerBytes.Bytes.ToArray();
        return HashTree.Root(layer.Span, geometry.PieceLevel) == root ? TorrentFault.None : TorrentFault.PieceLayerDoesNotMatchRoot;
    }

    private static bool TryV1(BencodeValue.Dict info, PieceGeometry geometry, string name, out Sha1Digest? infoV1, out Sha1Digest? alone)
    {
        (infoV1, alone) = (null, null);
        if (info["pieces"] is null && info["length"] is null && info["files"] is null)
        {
            return true;
        }

        if (info["pieces"] is not BencodeValue.ByteString pieces || pieces.Bytes.Length != geometry.Pieces * (long)Sha1Digest.Length
            || info["length"] is not BencodeValue.Integer length || length.Value != geometry.Size || info["files"] is not null)
        {
            return false;
        }

        infoV1 = ImageMetainfo.InfoHashV1(info.Source.Span);
        alone = ImageMetainfo.InfoHashV1(ImageMetainfo.BuildV1Info(name, geometry.Size, geometry.PieceLength, pieces.Bytes.Span));
        return true;
    }

    private static bool TryName(BencodeValue? value, out string name)
    {
        name = "";
        if (value is not BencodeValue.ByteString { Bytes.Length: > 0 and <= 255 } bytes || bytes.Bytes.Span.IndexOfAnyInRange((byte)0, (byte)31) >= 0)
        {
            return false;
        }

        name = Encoding.UTF8.GetString(bytes.Bytes.Span);
        return name is not ("." or "..") && !name.Contains('/', StringComparison.Ordinal) && Encoding.UTF8.GetBytes(name).AsSpan().SequenceEqual(bytes.Bytes.Span);
    }
}
