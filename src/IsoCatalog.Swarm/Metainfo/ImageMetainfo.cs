using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm.Metainfo;

/// <summary>
/// The torrent of an image: hybrid v1 and v2 (BEP 52) for a single file, private (BEP 27). Every byte follows from the image:
/// the same image gives the same torrent file and info hashes at every site, and on every day.
/// </summary>
public static class ImageMetainfo
{
    /// <summary>The name in the torrent: the root, not the name that people see, because that may change.</summary>
    public static string FileName(Sha256Digest root) => $"{root}.iso";

    /// <summary>
    /// The whole torrent file, without trackers or a date. An image of no bytes has no <c>pieces root</c> (BEP 52) and an empty v1
    /// list; libtorrent refuses such a torrent.
    /// </summary>
    public static (byte[] TorrentFile, Sha1Digest InfoV1, Sha256Digest InfoV2) Build(ImageDigests digests)
    {
        var info = BuildInfo(digests);
        var writer = new BencodeWriter().BeginDictionary()
            .Key("info").Encoded(info)
            .Key("piece layers").BeginDictionary();
        if (digests.PieceLayer.Length > 0)
        {
            writer.Key(digests.Root.ToArray()).Bytes(digests.PieceLayer.Span);
        }

        return (writer.End().End().ToArray(), InfoHashV1(info), new Sha256Digest(SHA256.HashData(info)));
    }

    /// <summary>
    /// A torrent of the same image without its v2 half, for clients that cannot read a hybrid one: Transmission before 4.0 refuses
    /// the empty key that BEP 52 asks for. Its info hash is another one, so it is another swarm.
    /// </summary>
    public static (byte[] TorrentFile, Sha1Digest InfoV1) BuildV1(ImageDigests digests)
    {
        var info = BuildV1Info(FileName(digests.Root), digests.Size, digests.PieceLength, digests.V1Pieces.Span);
        return (new BencodeWriter().BeginDictionary().Key("info").Encoded(info).End().ToArray(), InfoHashV1(info));
    }

    /// <summary>The info dictionary of the hybrid torrent alone, as peers send it (BEP 9).</summary>
    public static byte[] BuildInfo(ImageDigests digests)
    {
        var writer = new BencodeWriter().BeginDictionary()
            .Key("file tree").BeginDictionary()
            .Key(FileName(digests.Root)).BeginDictionary()
            .Key("").BeginDictionary()
            .Key("length").Integer(digests.Size);
        if (digests.Size > 0)
        {
            writer.Key("pieces root").Bytes(digests.Root.ToArray());
        }

        writer.End().End().End();
        AppendV1(writer, FileName(digests.Root), digests.Size, digests.PieceLength, digests.V1Pieces.Span, hybrid: true);
        return writer.End().ToArray();
    }

    internal static byte[] BuildV1Info(string name, long size, int pieceLength, ReadOnlySpan<byte> pieces)
    {
        var writer = new BencodeWriter().BeginDictionary();
        AppendV1(writer, name, size, pieceLength, pieces, hybrid: false);
        return writer.End().ToArray();
    }

    private static void AppendV1(BencodeWriter writer, string name, long size, int pieceLength, ReadOnlySpan<byte> pieces, bool hybrid)
    {
        writer.Key("length").Integer(size);
        if (hybrid)
        {
            writer.Key("meta version").Integer(2);
        }

        writer.Key("name").Text(name)
            .Key("piece length").Integer(pieceLength)
            .Key("pieces").Bytes(pieces)
            .Key("private").Integer(1);
    }

#pragma warning disable CA5350 // The v1 info hash is SHA-1 by definition (BEP 3); the signed one is v2.
    internal static Sha1Digest InfoHashV1(ReadOnlySpan<byte> info) => new(SHA1.HashData(info));
#pragma warning restore CA5350
}
