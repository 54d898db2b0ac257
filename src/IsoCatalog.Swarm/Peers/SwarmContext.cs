using System.Net;
using System.Net.Security;
using IsoCatalog.Core.Connections;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Tls;
using IsoCatalog.Swarm.Pieces;
using IsoCatalog.Swarm.Storage;

namespace IsoCatalog.Swarm.Peers;

/// <summary>What everything in one engine shares.</summary>
internal sealed class SwarmContext : IDisposable
{
    private readonly Action<SwarmEvent>? _onEvent;
    private IReadOnlyList<IPNetwork> _plainAllow;

    public SwarmContext(SwarmOptions options, TimeProvider clock, Action<SwarmEvent>? onEvent)
    {
        (Options, Clock, _onEvent, _plainAllow) = (options, clock, onEvent, options.PlainAllow);
        Shown = options.Certificate is { } own ? PinnedTls.Shown(own) : null;
        Ledger = new PeerLedger(clock, options.BanTime);
        Download = new TokenBucket(clock) { Rate = options.DownloadLimit };
        Upload = new TokenBucket(clock) { Rate = options.UploadLimit };
        Budget = new OpenBudget(options.MaxOpenBytes);
        Work = new WorkThreads(Math.Clamp(Environment.ProcessorCount, 2, 8), e => Report(SwarmEventKind.Fault, $"Work for a transfer or a peer failed: {e}"));
    }

    public SwarmOptions Options { get; }

    /// <summary>Our own certificate; null when there is none to show.</summary>
    public SslStreamCertificateContext? Shown { get; }

    public TimeProvider Clock { get; }

    public PeerLedger Ledger { get; }

    public TokenBucket Download { get; }

    public TokenBucket Upload { get; }

    public OpenBudget Budget { get; }

    public WorkThreads Work { get; }

    /// <summary>Where standard clients may come from.</summary>
    public IReadOnlyList<IPNetwork> PlainAllow
    {
        get => Volatile.Read(ref _plainAllow);
        set => Volatile.Write(ref _plainAllow, value);
    }

    /// <summary>Where pinned peers were found, or came from.</summary>
    public SeenAddresses Seen { get; } = new();

    /// <summary>Where pinned peers are said to be, as far as that is an address.</summary>
    public IReadOnlyCollection<IPAddress> Named { get; set; } = [];

    /// <summary>In every handshake of this engine, so that it knows itself.</summary>
    public Sha1Digest PeerId { get; } = MakePeerId();

    public bool IsKnown(IPAddress address) => Seen.Contains(address) || Named.Contains(address);

    public void Report(SwarmEventKind kind, string message, string? peer = null, Sha256Digest? root = null) =>
        _onEvent?.Invoke(new SwarmEvent(kind, message, peer, root));

    public void Dispose()
    {
        Work.Dispose();
        Download.Dispose();
        Upload.Dispose();
    }

    private static Sha1Digest MakePeerId()
    {
        var id = new byte[Sha1Digest.Length];
        System.Security.Cryptography.RandomNumberGenerator.Fill(id);
        "-IC0100-"u8.CopyTo(id);
        return new Sha1Digest(id);
    }
}
