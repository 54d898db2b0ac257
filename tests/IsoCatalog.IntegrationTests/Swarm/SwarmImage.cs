using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;

namespace IsoCatalog.IntegrationTests.Swarm;

/// <summary>Random bytes as an image, with its torrent.</summary>
internal sealed record SwarmImage(string Path, Torrent Torrent, byte[] TorrentFile, byte[] Bytes)
{
    public static SwarmImage Make(string path, int size, int seed = 1)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        using var hasher = new ImageHasher(size);
        hasher.Append(bytes);
        var file = ImageMetainfo.Build(hasher.Complete()).TorrentFile;
        if (!Torrent.TryParse(file, out var torrent, out var error))
        {
            throw new InvalidOperationException(error.ToString());
        }

        return new SwarmImage(path, torrent, file, bytes);
    }

    /// <summary>A copy in which one byte of each of these blocks of 16 KiB is another.</summary>
    public string Damage(string path, params int[] blocks)
    {
        var bytes = (byte[])Bytes.Clone();
        foreach (var block in blocks)
        {
            bytes[block * MerkleTree.LeafLength + 77] ^= 1;
        }

        File.WriteAllBytes(path, bytes);
        return path;
    }
}
