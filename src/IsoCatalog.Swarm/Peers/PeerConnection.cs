using System.Net.Sockets;
using System.Numerics;
using IsoCatalog.Swarm.Pieces;
using IsoCatalog.Swarm.Wire;

namespace IsoCatalog.Swarm.Peers;

/// <summary>
/// One connection about one image, after the handshakes. One task receives, one sends, and whoever finds that there is work for it asks for
/// more (<see cref="TopUp"/>). Everything public is thread-safe.
/// </summary>
internal sealed class PeerConnection : IDisposable
{
    private const int DefaultPeerQueue = 250;
    private const int StalledQueue = 16;
    private const int MaxUnanswered = 16 * 1024;

    private static readonly TimeSpan KeepAliveAfter = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ShortestPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan StallCut = TimeSpan.FromSeconds(60);

    private readonly SwarmContext _context;
    private readonly Socket _socket;
    private readonly Stream _stream;
    /// <summary>Not disposed: it has no timer and no handle, and another thread may be about to cancel it when the connection has ended.</summary>
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _requesting = new();
    private readonly List<BlockRun> _runs = [];
    private readonly PeerReceiver _receiver;
    private long _receivedAt;
    private long _blockAt;
    private int _peerQueue = DefaultPeerQueue;
    private int _cut = -1;
    private string? _cutMessage;
    private bool _greeted;
    private bool _saidUninterested;

    public PeerConnection(SwarmContext context, ImageSwarm swarm, Socket socket, Stream stream, PeerIdentity identity, Handshake theirs, bool speaksV2, bool outgoing)
    {
        (_context, Swarm, _socket, _stream, Identity, Theirs, Outgoing) = (context, swarm, socket, stream, identity, theirs, outgoing);
        Sender = new PeerSender(context, swarm, stream);
        Source = new Source(
            identity.Name,
            swarm.Torrent.Geometry.Pieces,
            new RequestWindow(context.Clock, context.Options.MaxWindow),
            (piece, block) => Sender.Post(messages => messages.Block(
                MessageKind.Cancel, piece, block * PieceGeometry.BlockLength, swarm.Torrent.Geometry.LengthOf(piece, block))),
            request => Sender.Post(messages => messages.Hashes(MessageKind.HashRequest, request))) { SpeaksV2 = speaksV2 };
        _receiver = new PeerReceiver(context, this, stream);
        _receivedAt = _blockAt = context.Clock.GetTimestamp();
        SpeaksV2 = speaksV2;
    }

    public ImageSwarm Swarm { get; }

    public PeerIdentity Identity { get; }

    public Handshake Theirs { get; }

    public bool Outgoing { get; }

    public bool SpeaksV2 { get; }

    public Source Source { get; }

    public PeerSender Sender { get; }

    public RateMeter Received { get; } = new();

    /// <summary>The other side wants what we have.</summary>
    public bool IsInterested { get; set; }

    /// <summary>We do not serve the other side now.</summary>
    public bool IsChoking { get; private set; } = true;

    private Download? Download => Swarm.Download;

    /// <summary>Until the connection ends; says why. The caller disposes it.</summary>
    public async Task<(CutReason Reason, string? Message)> RunAsync(CancellationToken cancellationToken)
    {
        await using var stopping = cancellationToken.Register(() => Cut(CutReason.Stopped, null));
        Download?.Board.Add(Source);
        Swarm.Add(this);
        if (!Outgoing && Swarm.Connections.Count(other => other.Identity.Name == Identity.Name) > _context.Options.MaxConnectionsPerPeer)
        {
            // Several were let in at the same moment.
            Cut(CutReason.TooMany, "it has too many connections");
        }

        Greet();
        var sending = GuardAsync(Sender.RunAsync(_ending.Token));
        await GuardAsync(_receiver.RunAsync(_ending.Token));
        Cut(CutReason.Closed, null);
        await sending;
        Swarm.Remove(this);
        Download?.Board.Remove(Source);
        return ((CutReason)_cut, _cutMessage);
    }

    /// <summary>Ends the connection. The first reason counts.</summary>
    public void Cut(CutReason reason, string? message)
    {
        if (Interlocked.CompareExchange(ref _cut, (int)reason, -1) != -1)
        {
            return;
        }

        _cutMessage = message;
        _ending.Cancel();
        _socket.Close(timeout: 0);
    }

    /// <summary>Asks for as much as the window has room for. Cheap when it has none.</summary>
    public void TopUp()
    {
        if (Download is not { State: TransferState.Fetching } download || !Source.Open)
        {
            return;
        }

        lock (_requesting)
        {
            var window = Math.Min(Source.Window.Bytes / PieceGeometry.BlockLength, Volatile.Read(ref _peerQueue));
            window = Source.Stalled ? Math.Min(window, StalledQueue) : window;
            var inFlight = Source.InFlight;
            var room = window - inFlight;
            if (room <= 0 || (inFlight > 0 && room < Math.Min(window / 4, OpenPiece.WordBlocks)))
            {
                return;
            }

            _runs.Clear();
            if (download.Board.Assign(Source, room, _runs) == 0)
            {
                return;
            }

            if (inFlight == 0)
            {
                Volatile.Write(ref _blockAt, _context.Clock.GetTimestamp());
            }

            Source.Window.Asked(_runs[0].Piece, _runs[0].Word * OpenPiece.WordBlocks + BitOperations.TrailingZeroCount(_runs[0].Mask));
            Sender.Post(WriteRequests);
        }
    }

    /// <summary>A piece is there now. Before the greeting nothing is said, because the greeting says it.</summary>
    public void Announce(int piece) => Sender.Post(messages =>
    {
        if (_greeted)
        {
            messages.Number(MessageKind.Have, piece);
        }
    });

    public bool HasWhatWeLack(Bitfield have)
    {
        for (var piece = 0; piece < have.Length; piece++)
        {
            if (Source.Has[piece] && !have[piece])
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Serves the other side, or stops to.</summary>
    public void SetChoking(bool choking)
    {
        if (IsChoking == choking)
        {
            return;
        }

        IsChoking = choking;
        UploadRequest[] dropped = choking ? Sender.Uploads.Clear() : [];
        Sender.Post(messages =>
        {
            messages.Simple(choking ? MessageKind.Choke : MessageKind.Unchoke);
            foreach (var request in Theirs.Fast ? dropped : [])
            {
                messages.Block(MessageKind.Reject, request.Piece, request.Begin, request.Length);
            }
        });
    }

    /// <summary>How many requests the other side queues, as it said.</summary>
    public void SetPeerQueue(int requests) => Volatile.Write(ref _peerQueue, Math.Clamp(requests, 1, MaxUnanswered));

    public void Heard() => Volatile.Write(ref _receivedAt, _context.Clock.GetTimestamp());

    public void HeardBlock() => Volatile.Write(ref _blockAt, _context.Clock.GetTimestamp());

    /// <summary>Several times a second.</summary>
    public void Tick(TimeSpan elapsed)
    {
        Received.Tick(elapsed);
        Sender.Sent.Tick(elapsed);
        var clock = _context.Clock;
        if (clock.GetElapsedTime(Volatile.Read(ref _receivedAt)) > _context.Options.IdleTimeout
            || (Sender.SendingSince is not 0 and var since && clock.GetElapsedTime(since) > _context.Options.IdleTimeout))
        {
            Cut(CutReason.Idle, "nothing arrived or was taken for too long");
        }
        else if (Sender.IsOverfull)
        {
            Cut(CutReason.Flood, "it does not take what it asks for");
        }
        else if (clock.GetElapsedTime(Sender.SentAt) > KeepAliveAfter && Sender.SendingSince == 0)
        {
            Sender.Post(messages => messages.KeepAlive());
        }

        LookForStall();
        TopUp();
        if (Download is { State: TransferState.Completed } && !_saidUninterested)
        {
            _saidUninterested = true;
            Sender.Post(messages => messages.Simple(MessageKind.NotInterested));
        }

        if (Download is null or { State: TransferState.Completed } && Source.Has.IsFull && Swarm.Have.IsFull)
        {
            Cut(CutReason.Finished, null);
        }
    }

    public PeerSnapshot Snapshot() => new(
        Identity.Name, Identity.Address, Swarm.Torrent.Root, Outgoing, SpeaksV2, Received.Rate, Sender.Sent.Rate, Received.Total, Sender.Sent.Total,
        Source.InFlight, Source.Window.Bytes, Source.Window.RoundTrip,
        Source.Has.Length == 0 ? 1 : (double)Source.Has.Count / Source.Has.Length);

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }

    private void LookForStall()
    {
        if (Source.InFlight == 0 || Download is null)
        {
            return;
        }

        // A portion of an even stream at the rate seen, a few round trips, and what any host may need to come to its senses.
        var silent = _context.Clock.GetElapsedTime(Volatile.Read(ref _blockAt));
        var portion = TimeSpan.FromSeconds(Math.Min(60, 512 * 1024 / Math.Max(Source.Window.Rate, 8 * 1024)));
        var patience = ShortestPatience + 8 * Source.Window.RoundTrip + (Source.Window.Rate > 0 ? portion : TimeSpan.Zero);
        if (silent > StallCut + patience)
        {
            Cut(CutReason.Stalled, "requests stayed unanswered for too long");
        }
        else if (silent > patience && !Source.Stalled)
        {
            Source.Stalled = true;
            Source.Window.Forget();
            Download.Board.Unask(Source, late: true);
            Swarm.Wake();
        }
    }

    private void WriteRequests(OutboundMessages messages)
    {
        var geometry = Swarm.Torrent.Geometry;
        foreach (var run in _runs)
        {
            for (var mask = run.Mask; mask != 0; mask &= mask - 1)
            {
                var block = run.Word * OpenPiece.WordBlocks + BitOperations.TrailingZeroCount(mask);
                messages.Block(MessageKind.Request, run.Piece, block * PieceGeometry.BlockLength, geometry.LengthOf(run.Piece, block));
            }
        }
    }

    private void Greet() => Sender.Post(messages =>
    {
        _greeted = true;
        var have = Swarm.Have;
        if (Theirs.Fast && have.IsFull)
        {
            messages.Simple(MessageKind.HaveAll);
        }
        else if (Theirs.Fast && have.Count == 0)
        {
            messages.Simple(MessageKind.HaveNone);
        }
        else if (have.Count > 0)
        {
            messages.Bitfield(have);
        }

        if (Theirs.Extensions)
        {
            messages.Extended(ExtensionHandshake.Id, ExtensionHandshake.Payload);
        }

        if (Download is { State: TransferState.Fetching or TransferState.Checking })
        {
            messages.Simple(MessageKind.Interested);
        }

        if (Identity.IsPinned)
        {
            IsChoking = false;
            messages.Simple(MessageKind.Unchoke);
        }
    });

    private async Task GuardAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (ImageFileException e)
        {
            _context.Report(SwarmEventKind.Storage, e.Message, root: Swarm.Torrent.Root);
            Cut(CutReason.Storage, e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Cut(CutReason.Closed, e.Message);
        }
    }
}
