using System.Net;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm;

/// <summary>What an engine is told once, before it starts. Limits and peers may change later, on the engine itself.</summary>
public sealed record SwarmOptions
{
    /// <summary>Where peers with pinned keys connect (mutual TLS 1.3); port 0 takes a free one. Null: nobody can.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>Our own certificate with its private key: shown to every pinned peer. Needed for <see cref="Listen"/> and to reach pinned peers.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>
    /// The name of the peer with this public key (SHA-256 of its SubjectPublicKeyInfo), or null when it is not known.
    /// Asked at each handshake and about once a second for each open connection, so what it answers may change; called from any thread.
    /// </summary>
    public Func<Sha256Digest, string?> PeerName { get; init; } = static _ => null;

    /// <summary>Where standard clients connect in plain text. Null, the default: nobody can.</summary>
    public IPEndPoint? ListenPlain { get; init; }

    /// <summary>The addresses that may connect to <see cref="ListenPlain"/>; empty means none.</summary>
    public IReadOnlyList<IPNetwork> PlainAllow { get; init; } = [];

    /// <summary>Connections that we open to one peer for one image; 0 chooses: few where the kernel offers BBR, eight where it does not.</summary>
    public int Streams { get; init; }

    /// <summary>Bytes of payload a second over all connections; 0 is no limit.</summary>
    public long DownloadLimit { get; init; }

    /// <summary>Bytes of payload a second over all connections; 0 is no limit.</summary>
    public long UploadLimit { get; init; }

    /// <summary>Connections in all, both directions.</summary>
    public int MaxConnections { get; init; } = 512;

    /// <summary>Connections from one peer (one pinned key, or one address) for one image.</summary>
    public int MaxConnectionsPerPeer { get; init; } = 32;

    /// <summary>Standard clients that are served at the same time; pinned peers always are.</summary>
    public int UploadSlots { get; init; } = 8;

    /// <summary>For TLS and the BitTorrent handshake together.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection on which nothing arrives for so long is cut.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long a peer that sent corrupt bytes or broke the protocol is not spoken to.</summary>
    public TimeSpan BanTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Most bytes that are requested from one connection and have not arrived.</summary>
    public int MaxWindow { get; init; } = 128 * 1024 * 1024;

    /// <summary>Bytes of pieces that are being fetched or await their write, over all transfers: the bulk of the engine's memory.</summary>
    public long MaxOpenBytes { get; init; } = 128L * 1024 * 1024;

    /// <summary>What arrived is made durable, and recorded for a resume, at least so often.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(5);
}
