using System.Net;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;

namespace IsoCatalog.Swarm;

/// <summary>
/// Fetches and serves images over BitTorrent (BEP 3, 6, 10, 52) between known hosts. Nothing is written or served before its hash
/// led to the root in the torrent. All members are thread-safe.
/// </summary>
public sealed class SwarmEngine : IAsyncDisposable
{
    /// <param name="onEvent">Told what an operator may want to read; called from any thread, must not block.</param>
    public SwarmEngine(SwarmOptions options, TimeProvider clock, Action<SwarmEvent>? onEvent = null) => throw new NotSupportedException();

    /// <summary>Where pinned peers connect, with the real port; null when there is no such listener.</summary>
    public IPEndPoint? Endpoint => throw new NotSupportedException();

    /// <summary>Where standard clients connect, with the real port; null when there is no such listener.</summary>
    public IPEndPoint? PlainEndpoint => throw new NotSupportedException();

    /// <summary>Bytes of payload a second over all connections; 0 is no limit. May be set at any time.</summary>
    public long DownloadLimit { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Bytes of payload a second over all connections; 0 is no limit. May be set at any time.</summary>
    public long UploadLimit { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Transfers that have not ended, and completed ones until they are stopped or seeded from elsewhere.</summary>
    public IReadOnlyList<Transfer> Transfers => throw new NotSupportedException();

    /// <summary>All connections past their handshake.</summary>
    public IReadOnlyList<PeerSnapshot> Peers => throw new NotSupportedException();

    public SwarmCounters Counters => throw new NotSupportedException();

    /// <summary>Binds the listeners and starts to work.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">An address cannot be bound.</exception>
    public void Start() => throw new NotSupportedException();

    /// <summary>The peers that may have what is fetched; replaces those said before. Connections to peers that are no longer named, or have another key now, are closed.</summary>
    public void SetPeers(IReadOnlyList<SwarmPeer> peers) => throw new NotSupportedException();

    /// <summary>
    /// Serves a whole file, which the caller has verified: it is opened now, its length is checked and nothing else. Replaces the file of a
    /// completed transfer or an earlier seed of the same root.
    /// </summary>
    /// <exception cref="IOException">The file cannot be opened, or has another length.</exception>
    /// <exception cref="InvalidOperationException">The image is being fetched.</exception>
    public void Seed(Torrent torrent, string path) => throw new NotSupportedException();

    /// <summary>
    /// Fetches an image from the peers into a file, which is created or, when it exists, continued: what the progress file says is trusted if it was
    /// committed under this boot of the kernel, otherwise the file is hashed. Finished pieces are served on at once.
    /// </summary>
    /// <param name="progressPath">Where the progress is recorded for a resume; null: a resume hashes the file. Removed at completion.</param>
    /// <exception cref="InvalidOperationException">The image is being fetched or seeded already.</exception>
    public Transfer Fetch(Torrent torrent, string path, string? progressPath = null) => throw new NotSupportedException();

    /// <summary>
    /// Makes a right copy of a file that is damaged: blocks that match are copied into <paramref name="newPath"/>, only the others are fetched.
    /// The damaged file is only read.
    /// </summary>
    /// <exception cref="InvalidOperationException">The image is being fetched or seeded already.</exception>
    public Transfer Repair(Torrent torrent, string damagedPath, string newPath) => throw new NotSupportedException();

    /// <summary>Ends the transfer or the seeding of an image, closes its connections and its file. Nothing is deleted. False when it was not here.</summary>
    public Task<bool> StopAsync(Sha256Digest root) => throw new NotSupportedException();

    /// <summary>Closes the connections of a pinned peer at once. It may connect again if its key is still known.</summary>
    public void Disconnect(string peerName) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => throw new NotSupportedException();
}
