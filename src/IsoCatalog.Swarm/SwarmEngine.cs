using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Swarm.Peers;
using IsoCatalog.Swarm.Storage;

namespace IsoCatalog.Swarm;

/// <summary>
/// Fetches and serves images over BitTorrent (BEP 3, 6, 10, 52) between known hosts. Nothing is written or served before its hash
/// led to the root in the torrent. All members are thread-safe.
/// </summary>
public sealed class SwarmEngine : IAsyncDisposable
{
    private const int FewestPoolThreads = 16;

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan TrustBeat = TimeSpan.FromSeconds(1);

    private readonly SwarmContext _context;
    private readonly ImageSwarms _swarms = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly PeerDoor _door;
    private readonly PeerDialer _dialer;
    private readonly Choker _choker;
    private readonly List<Task> _tasks = [];
    private readonly Lock _changing = new();
    private IReadOnlyList<SwarmPeer> _peers = [];
    private Socket? _listener;
    private Socket? _plainListener;

    /// <param name="onEvent">Told what an operator may want to read; called from any thread, must not block.</param>
    public SwarmEngine(SwarmOptions options, TimeProvider clock, Action<SwarmEvent>? onEvent = null)
    {
        _context = new SwarmContext(options, clock, onEvent);
        _door = new PeerDoor(_context, _swarms, _ending.Token);
        _dialer = new PeerDialer(_context, Wake, _ending.Token);
        _choker = new Choker(_context);
    }

    /// <summary>Where pinned peers connect, with the real port; null when there is no such listener.</summary>
    public IPEndPoint? Endpoint { get; private set; }

    /// <summary>Where standard clients connect, with the real port; null when there is no such listener.</summary>
    public IPEndPoint? PlainEndpoint { get; private set; }

    /// <summary>Bytes of payload a second over all connections; 0 is no limit. May be set at any time.</summary>
    public long DownloadLimit
    {
        get => _context.Download.Rate;
        set => _context.Download.Rate = value;
    }

    /// <summary>Bytes of payload a second over all connections; 0 is no limit. May be set at any time.</summary>
    public long UploadLimit
    {
        get => _context.Upload.Rate;
        set => _context.Upload.Rate = value;
    }

    /// <summary>The addresses that standard clients may connect from; empty means none. May be set at any time: who is connected and not among them is cut within about a second.</summary>
    public IReadOnlyList<IPNetwork> PlainAllow
    {
        get => _context.PlainAllow;
        set => _context.PlainAllow = value;
    }

    /// <summary>Transfers that have not ended, and completed ones until they are stopped or seeded from elsewhere.</summary>
    public IReadOnlyList<Transfer> Transfers => [.. _swarms.All.Where(swarm => !swarm.IsSeeded).Select(swarm => swarm.Download).OfType<Transfer>()];

    /// <summary>All connections past their handshake.</summary>
    public IReadOnlyList<PeerSnapshot> Peers => [.. _swarms.All.SelectMany(swarm => swarm.Snapshots())];

    public SwarmCounters Counters => _context.Ledger.Counters();

    /// <summary>Binds the listeners and starts to work.</summary>
    /// <exception cref="SocketException">An address cannot be bound.</exception>
    public void Start()
    {
        // Reading an image that is not in the page cache holds a thread of the pool for a moment.
        ThreadPool.GetMinThreads(out var workers, out var completion);
        ThreadPool.SetMinThreads(Math.Max(workers, FewestPoolThreads), completion);
        var options = _context.Options;
        if (options.Listen is { } at)
        {
            _listener = PeerSocket.Listen(at);
            Endpoint = (IPEndPoint?)_listener.LocalEndPoint;
            _tasks.Add(_door.AcceptAsync(_listener, plain: false));
        }

        if (options.ListenPlain is { } plain)
        {
            _plainListener = PeerSocket.Listen(plain);
            PlainEndpoint = (IPEndPoint?)_plainListener.LocalEndPoint;
            _tasks.Add(_door.AcceptAsync(_plainListener, plain: true));
        }

        _tasks.Add(Task.Run(BeatAsync));
    }

    /// <summary>The peers that may have what is fetched; replaces those said before. Connections to peers that are no longer named, or have another key now, are closed.</summary>
    public void SetPeers(IReadOnlyList<SwarmPeer> peers)
    {
        Volatile.Write(ref _peers, [.. peers]);
        _context.Named = [.. peers.Where(peer => peer.Spki is not null).Select(peer => PeerSocket.AddressOf(peer.EndPoint))];
        foreach (var connection in Connections().Where(connection => connection.Outgoing))
        {
            var named = peers.Any(peer => peer.Name == connection.Identity.Name && peer.Spki == connection.Identity.Spki);
            if (!named)
            {
                connection.Cut(CutReason.Stopped, "it is no longer one of our peers");
            }
        }

        Wake();
    }

    /// <summary>
    /// Serves a whole file, which the caller has verified: it is opened now, its length is checked and nothing else. Replaces the file of a
    /// completed transfer or an earlier seed of the same root.
    /// </summary>
    /// <exception cref="IOException">The file cannot be opened, or has another length.</exception>
    /// <exception cref="InvalidOperationException">The image is being fetched.</exception>
    public void Seed(Torrent torrent, string path)
    {
        var file = ImageFile.OpenWhole(path, torrent.Size);
        lock (_changing)
        {
            var swarm = _swarms.Find(torrent.Root);
            if (swarm?.Download is { State: not TransferState.Completed })
            {
                file.Dispose();
                throw new InvalidOperationException($"{torrent.Root} is being fetched; stop that first.");
            }

            var added = swarm is null;
            swarm ??= new ImageSwarm(_context, torrent, Wake);
            var old = swarm.File;
            swarm.File = file;
            swarm.IsSeeded = true;
            old?.Dispose();
            if (added)
            {
                _swarms.TryAdd(swarm);
            }
        }
    }

    /// <summary>
    /// Fetches an image from the peers into a file, which is created or, when it exists, continued: what the progress file says is trusted if it was
    /// committed under this boot of the kernel, otherwise the file is hashed. Finished pieces are served on at once.
    /// </summary>
    /// <param name="progressPath">Where the progress is recorded for a resume; null: a resume hashes the file. Removed at completion.</param>
    /// <exception cref="InvalidOperationException">The image is being fetched or seeded already.</exception>
    public Transfer Fetch(Torrent torrent, string path, string? progressPath = null) => Begin(torrent, path, progressPath, damagedPath: null);

    /// <summary>
    /// Makes a right copy of a file that is damaged: blocks that match are copied into <paramref name="newPath"/>, only the others are fetched.
    /// The damaged file is only read.
    /// </summary>
    /// <exception cref="InvalidOperationException">The image is being fetched or seeded already.</exception>
    public Transfer Repair(Torrent torrent, string damagedPath, string newPath) => Begin(torrent, newPath, progressPath: null, damagedPath);

    /// <summary>Ends the transfer or the seeding of an image, closes its connections and its file. Nothing is deleted. False when it was not here.</summary>
    public async Task<bool> StopAsync(Sha256Digest root)
    {
        ImageSwarm? swarm;
        lock (_changing)
        {
            swarm = _swarms.Remove(root);
        }

        if (swarm is null)
        {
            return false;
        }

        swarm.IsStopped = true;
        foreach (var connection in swarm.Connections)
        {
            connection.Cut(CutReason.Stopped, null);
        }

        if (swarm.Download is { } download)
        {
            await download.DisposeAsync();
        }

        swarm.File?.Dispose();
        return true;
    }

    /// <summary>Closes the connections of a pinned peer at once. It may connect again if its key is still known.</summary>
    public void Disconnect(string peerName)
    {
        foreach (var connection in Connections().Where(connection => connection.Identity.Name == peerName))
        {
            connection.Cut(CutReason.Stopped, "it was disconnected");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener?.Dispose();
        _plainListener?.Dispose();
        _wake.Writer.TryComplete();
        foreach (var swarm in _swarms.All)
        {
            await StopAsync(swarm.Torrent.Root);
        }

        await Task.WhenAll(_tasks);
        await _dialer.EndedAsync();
        _context.Dispose();
        _ending.Dispose();
    }

    private Download Begin(Torrent torrent, string path, string? progressPath, string? damagedPath)
    {
        var swarm = new ImageSwarm(_context, torrent, Wake);
        var download = new Download(_context, swarm, path, progressPath, damagedPath);
        swarm.Download = download;
        lock (_changing)
        {
            if (!_swarms.TryAdd(swarm))
            {
                throw new InvalidOperationException($"{torrent.Root} is being fetched or seeded already.");
            }
        }

        download.Begin();
        return download;
    }

    private IEnumerable<PeerConnection> Connections() => _swarms.All.SelectMany(swarm => swarm.Connections.AsEnumerable());

    private void Wake() => _wake.Writer.TryWrite(true);

    private async Task BeatAsync()
    {
        await using var timer = _context.Clock.CreateTimer(_ => Wake(), null, Beat, Beat);
        var last = _context.Clock.GetTimestamp();
        var trusted = last;
        try
        {
            while (await _wake.Reader.WaitToReadAsync(_ending.Token))
            {
                _wake.Reader.TryRead(out _);
                foreach (var swarm in _swarms.All)
                {
                    _dialer.Dial(swarm, Volatile.Read(ref _peers));
                }

                _choker.Tick(Connections());
                var elapsed = _context.Clock.GetElapsedTime(last);
                if (elapsed >= Beat)
                {
                    last = _context.Clock.GetTimestamp();
                    Tick(elapsed);
                }

                if (_context.Clock.GetElapsedTime(trusted) >= TrustBeat)
                {
                    trusted = _context.Clock.GetTimestamp();
                    CutUntrusted();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The engine ends.
        }
    }

    private void Tick(TimeSpan elapsed)
    {
        foreach (var swarm in _swarms.All)
        {
            swarm.Download?.Tick(elapsed);
            foreach (var connection in swarm.Connections)
            {
                connection.Tick(elapsed);
            }
        }
    }

    private void CutUntrusted()
    {
        foreach (var connection in Connections())
        {
            if (connection.Identity.Spki is { } key && _context.Options.PeerName(key) != connection.Identity.Name)
            {
                connection.Cut(CutReason.Untrusted, "its key is no longer that of this peer");
            }
            else if (!connection.Outgoing && connection.Identity.Host is { } host && !_context.PlainAllow.Any(network => network.Contains(IPAddress.Parse(host))))
            {
                connection.Cut(CutReason.Refused, "its address is no longer on the list");
            }
        }
    }
}
