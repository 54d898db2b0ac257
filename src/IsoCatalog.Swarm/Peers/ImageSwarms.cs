using System.Collections.Concurrent;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm.Peers;

/// <summary>All images of an engine, by root and by each info hash that somebody may ask for. Thread-safe.</summary>
internal sealed class ImageSwarms
{
    private readonly ConcurrentDictionary<Sha256Digest, ImageSwarm> _byRoot = new();
    private readonly ConcurrentDictionary<Sha1Digest, ImageSwarm> _byInfoHash = new();

    public ICollection<ImageSwarm> All => _byRoot.Values;

    public int Connections => _byRoot.Values.Sum(swarm => swarm.Connections.Length);

    public ImageSwarm? Find(Sha256Digest root) => _byRoot.GetValueOrDefault(root);

    public ImageSwarm? Find(Sha1Digest infoHash) => _byInfoHash.GetValueOrDefault(infoHash);

    public bool TryAdd(ImageSwarm swarm)
    {
        if (!_byRoot.TryAdd(swarm.Torrent.Root, swarm))
        {
            return false;
        }

        foreach (var hash in InfoHashes(swarm))
        {
            _byInfoHash[hash] = swarm;
        }

        return true;
    }

    public ImageSwarm? Remove(Sha256Digest root)
    {
        if (!_byRoot.TryRemove(root, out var swarm))
        {
            return null;
        }

        foreach (var hash in InfoHashes(swarm))
        {
            _byInfoHash.TryRemove(new(hash, swarm));
        }

        return swarm;
    }

    /// <summary>The v2 info hash as it stands in a handshake.</summary>
    public static Sha1Digest Short(Sha256Digest infoV2) => new(infoV2.ToArray().AsSpan(0, Sha1Digest.Length));

    private static IEnumerable<Sha1Digest> InfoHashes(ImageSwarm swarm) =>
        new[] { Short(swarm.Torrent.InfoV2), swarm.Torrent.InfoV1, swarm.Torrent.InfoV1Alone }.OfType<Sha1Digest>();
}
