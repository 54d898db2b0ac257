using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Tests.Hashing;

/// <summary>BEP 52 and BEP 3 written as plainly as they read, over bytes in memory.</summary>
internal static class NaiveImage
{
    private const int Leaf = 16 * 1024;

    public static ImageDigests Digests(ReadOnlySpan<byte> image)
    {
        var pieceLength = PieceLength.For(image.Length);
        return new ImageDigests(
            image.Length,
            new Sha256Digest(SHA256.HashData(image)),
            Root(image),
            pieceLength,
            image.Length <= pieceLength ? default : PieceLayer(image, pieceLength),
            Chunks(image, pieceLength).SelectMany(SHA1.HashData).ToArray());
    }

    public static Sha256Digest Root(ReadOnlySpan<byte> image)
    {
        var nodes = Leaves(image);
        if (nodes.Count == 0)
        {
            return new Sha256Digest(new byte[32]);
        }

        // Pad to a power of two with zero leaves, then halve.
        var width = 1;
        while (width < nodes.Count)
        {
            width *= 2;
        }

        while (nodes.Count < width)
        {
            nodes.Add(new byte[32]);
        }

        while (nodes.Count > 1)
        {
            nodes = Above(nodes);
        }

        return new Sha256Digest(nodes[0]);
    }

    private static byte[] PieceLayer(ReadOnlySpan<byte> image, int pieceLength)
    {
        var layer = new List<byte>();
        foreach (var piece in Chunks(image, pieceLength))
        {
            var nodes = Leaves(piece);
            while (nodes.Count < pieceLength / Leaf)
            {
                nodes.Add(new byte[32]);
            }

            while (nodes.Count > 1)
            {
                nodes = Above(nodes);
            }

            layer.AddRange(nodes[0]);
        }

        return [.. layer];
    }

    private static List<byte[]> Leaves(ReadOnlySpan<byte> data) => [.. Chunks(data, Leaf).Select(SHA256.HashData)];

    private static List<byte[]> Chunks(ReadOnlySpan<byte> data, int length)
    {
        var chunks = new List<byte[]>();
        for (var start = 0; start < data.Length; start += length)
        {
            chunks.Add(data[start..Math.Min(data.Length, start + length)].ToArray());
        }

        return chunks;
    }

    private static List<byte[]> Above(List<byte[]> nodes)
    {
        var above = new List<byte[]>();
        for (var i = 0; i < nodes.Count; i += 2)
        {
            above.Add(SHA256.HashData([.. nodes[i], .. nodes[i + 1]]));
        }

        return above;
    }
}
