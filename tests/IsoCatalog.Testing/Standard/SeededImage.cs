using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;

namespace IsoCatalog.Testing.Standard;

public enum TorrentKind
{
    /// <summary>BEP 3 alone.</summary>
    V1,

    /// <summary>BEP 3 and BEP 52 in one info dictionary.</summary>
    Hybrid,

    /// <summary>BEP 52 alone.</summary>
    V2,
}

/// <summary>Bytes without any pattern, the same for the same size, with what describes them.</summary>
public sealed class SeededImage
{
    public SeededImage(int size)
    {
        Bytes = new byte[size];
        new Random(size).NextBytes(Bytes);
        using var hasher = new ImageHasher(size);
        hasher.Append(Bytes);
        Digests = hasher.Complete();
    }

    public byte[] Bytes { get; }

    public ImageDigests Digests { get; }

    /// <summary>What every client calls the file.</summary>
    public string FileName => ImageMetainfo.FileName(Digests.Root);

    /// <summary>The hash that a v1 handshake or announce carries for this kind of torrent: 40 lowercase hex digits.</summary>
    public string WireHash(TorrentKind kind)
    {
#pragma warning disable CA5350 // The v1 info hash is SHA-1 by definition (BEP 3).
        return kind == TorrentKind.V2
            ? Convert.ToHexStringLower(SHA256.HashData(Info(kind)))[..40]
            : Convert.ToHexStringLower(SHA1.HashData(Info(kind)));
#pragma warning restore CA5350
    }

    /// <summary>The torrent file, with a tracker if one is named.</summary>
    public byte[] TorrentFile(TorrentKind kind, string? tracker = null)
    {
        var writer = new BencodeWriter().BeginDictionary();
        if (tracker is not null)
        {
            writer.Key("announce").Text(tracker);
        }

        writer.Key("info").Encoded(Info(kind));
        if (kind != TorrentKind.V1)
        {
            writer.Key("piece layers").BeginDictionary();
            if (Digests.PieceLayer.Length > 0)
            {
                writer.Key(Digests.Root.ToArray()).Bytes(Digests.PieceLayer.Span);
            }

            writer.End();
        }

        return writer.End().ToArray();
    }

    /// <summary>Writes the bytes where a client looks for them, and returns the path.</summary>
    public string Place(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, FileName);
        File.WriteAllBytes(path, Bytes);
        return path;
    }

    private byte[] Info(TorrentKind kind)
    {
        var hybrid = ImageMetainfo.BuildInfo(Digests);
        if (kind == TorrentKind.Hybrid)
        {
            return hybrid;
        }

        string[] otherHalf = kind == TorrentKind.V1 ? ["file tree", "meta version"] : ["length", "pieces"];
        if (!BencodeReader.TryRead(hybrid, BencodeLimits.TorrentFile, out var value, out var error))
        {
            throw new InvalidOperationException($"Our own info dictionary: {error}.");
        }

        var half = new BencodeWriter().BeginDictionary();
        foreach (var (key, entry) in ((BencodeValue.Dict)value).Entries)
        {
            if (!otherHalf.Any(name => key.Span.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(name))))
            {
                half.Key(key.Span).Encoded(entry.Source.Span);
            }
        }

        return half.End().ToArray();
    }
}
