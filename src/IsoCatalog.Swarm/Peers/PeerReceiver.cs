using System.Numerics;
using IsoCatalog.Swarm.Pieces;
using IsoCatalog.Swarm.Storage;
using IsoCatalog.Swarm.Wire;

namespace IsoCatalog.Swarm.Peers;

/// <summary>The receiving half of a connection: reads large portions, acts on each message in place, and cuts who breaks the rules. One task.</summary>
internal sealed class PeerReceiver(SwarmContext context, PeerConnection connection, Stream stream)
{
    private const int BufferLength = 512 * 1024;
    private const int MaxRequest = 128 * 1024;
    private const int MaxHashRequests = 16;

    // Hashes of all that a client may have open at once are half of this.
    private const int MaxUntaken = 1024 * 1024;

    private readonly MessageBudget _budget = new(context.Clock, connection.Swarm.Torrent.Geometry.Pieces);
    private readonly OneAtATime<HashRequest> _hashRequests = new();
    private bool _saidHas;

    private ImageSwarm Swarm => connection.Swarm;

    private PieceGeometry Geometry => Swarm.Torrent.Geometry;

    private Source Source => connection.Source;

    /// <summary>Until the connection ends.</summary>
    /// <exception cref="IOException">It failed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(Math.Max(BufferLength, 2 * MessageReader.MaxSize(Geometry.Pieces)));
        var filled = 0;
        while (true)
        {
            var room = context.Download.Portion(buffer.Length - filled);
            var read = await stream.ReadAsync(buffer.AsMemory(filled, Math.Min(room, buffer.Length - filled)), cancellationToken);
            if (read == 0)
            {
                return;
            }

            filled += read;
            var before = connection.Received.Total;
            var used = Process(buffer.AsSpan(0, filled));
            if (used < 0)
            {
                return;
            }

            // A message that comes byte by byte is no sign of life.
            if (used > 0)
            {
                connection.Heard();
            }

            buffer.AsSpan(used, filled - used).CopyTo(buffer);
            filled -= used;
            connection.TopUp();
            var payload = (int)(connection.Received.Total - before);
            if (payload > 0)
            {
                Source.Window.Update(wasIdle: Source.InFlight == 0);
                await context.Download.TakeAsync(payload, cancellationToken);
                connection.HeardBlock();
            }
        }
    }

    // What was used of the bytes; -1 when the connection was cut.
    private int Process(ReadOnlySpan<byte> bytes)
    {
        var used = 0;
        while (true)
        {
            switch (MessageReader.TryRead(bytes[used..], Geometry.Pieces, out var message, out var length))
            {
                case FrameStatus.NeedsMore:
                    return used;
                case FrameStatus.BadLength:
                    return Cut(CutReason.BadMessage, "it sent a message of a length that none has");
                default:
                    if (!TryHandle(message))
                    {
                        return -1;
                    }

                    used += length;
                    break;
            }
        }
    }

    private int Cut(CutReason reason, string message)
    {
        connection.Cut(reason, message);
        return -1;
    }

    private bool Fail(CutReason reason, string message) => Cut(reason, message) >= 0;

    private bool TryHandle(PeerMessage message)
    {
        if (message.Kind == MessageKind.Piece)
        {
            return TryTakeBlock(message);
        }

        if (message.Kind != MessageKind.Request && !_budget.TrySpend())
        {
            return Fail(CutReason.Flood, "it sent more messages than a working client does");
        }

        switch (message.Kind)
        {
            case MessageKind.Choke:
                Source.Open = false;
                Swarm.Download?.Board.Unask(Source, late: true);
                return true;
            case MessageKind.Unchoke:
                Source.Open = true;
                return true;
            case MessageKind.Interested or MessageKind.NotInterested:
                connection.IsInterested = message.Kind == MessageKind.Interested;

                // Who waits for a slot that is free gets it now and not at the next beat.
                Swarm.Wake();
                return true;
            case MessageKind.Have:
                return TryHave(message.Index);
            case MessageKind.Bitfield or MessageKind.HaveAll or MessageKind.HaveNone:
                return TryHas(message);
            case MessageKind.Request:
                return TryQueue(new UploadRequest(message.Index, message.Begin, message.Length));
            case MessageKind.Cancel:
                TakeBack(new UploadRequest(message.Index, message.Begin, message.Length));
                return true;
            case MessageKind.Reject:
                return TryReject(message);
            case MessageKind.Extended:
                return TryExtended(message);
            case MessageKind.HashRequest:
                return TryAnswer(HashRequest.Read(message.Body));
            case MessageKind.Hashes:
                return Swarm.Download?.Take(Source, HashRequest.Read(message.Body), message.Body[HashRequest.Length..]) == true
                    || Fail(CutReason.BrokenRule, "it sent hashes that nobody asked for, or that do not lead to the root");
            case MessageKind.HashReject:
                Swarm.Download?.HashesRejected(Source);
                return true;
            default:
                return true;
        }
    }

    private bool TryTakeBlock(PeerMessage message)
    {
        var block = message.Block;
        connection.Received.Add(block.Length);
        context.Ledger.Received.Add(block.Length);
        var verdict = Swarm.Download?.Take(Source, message.Index, message.Begin, block) ?? BlockVerdict.Unasked;
        if (verdict == BlockVerdict.Taken)
        {
            Source.Window.Arrived(message.Index, message.Begin / PieceGeometry.BlockLength, block.Length);
            return true;
        }

        return Fail(CutReason.BrokenRule, "it sent a block that nobody asked for");
    }

    private bool TryHave(int piece)
    {
        if (piece < 0 || piece >= Geometry.Pieces)
        {
            return Fail(CutReason.BrokenRule, "it has a piece that does not exist");
        }

        if (Swarm.Download is { } download)
        {
            download.Board.SetHas(Source, piece);
        }
        else
        {
            Source.Has.Set(piece);
        }

        return true;
    }

    private bool TryHas(PeerMessage message)
    {
        if (_saidHas || Source.Has.Count > 0)
        {
            return message.Kind switch
            {
                MessageKind.Bitfield when !connection.Identity.IsPinned => TryHasMore(message.Body),
                MessageKind.HaveAll when !connection.Identity.IsPinned && Source.Has.Count < Geometry.Pieces => TryHasAll(),
                _ => Fail(CutReason.BrokenRule, "it said twice what it has"),
            };
        }

        _saidHas = true;
        var board = Swarm.Download?.Board;
        if (message.Kind == MessageKind.HaveAll)
        {
            if (board is null)
            {
                Source.Has.SetAll();
            }

            board?.SetHasAll(Source);
            return true;
        }

        return message.Kind == MessageKind.HaveNone
            || (board is null ? Source.Has.TryCopyFrom(message.Body) : board.TrySetHas(Source, message.Body))
            || Fail(CutReason.BrokenRule, "its bitfield has bits that stand for nothing");
    }

    // aria2 says all that it has anew where that is shorter than to name each new piece, and that it has all when it is done.
    private bool TryHasMore(ReadOnlySpan<byte> field)
    {
        for (var at = 0; at < field.Length; at++)
        {
            for (int bits = field[at]; bits != 0; bits &= bits - 1)
            {
                var piece = at * 8 + 7 - BitOperations.TrailingZeroCount(bits);
                if ((piece >= Geometry.Pieces || !Source.Has[piece]) && !TryHave(piece))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool TryHasAll()
    {
        for (var piece = 0; piece < Geometry.Pieces; piece++)
        {
            if (!Source.Has[piece] && !TryHave(piece))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryQueue(UploadRequest request)
    {
        if (request.Piece < 0 || request.Piece >= Geometry.Pieces || request.Length is < 1 or > MaxRequest
            || request.Begin < 0 || request.Begin >= Geometry.LengthOf(request.Piece) || request.Begin > EndOf(request.Piece) - request.Length)
        {
            return Fail(CutReason.BrokenRule, "it asked for bytes that do not exist");
        }

        if (connection.IsChoking || !Swarm.Have[request.Piece])
        {
            if (!_budget.TrySpend())
            {
                return Fail(CutReason.Flood, "it goes on asking for what it was refused");
            }

            if (connection.Theirs.Fast)
            {
                Reject(request);
            }

            return true;
        }

        if (!connection.Sender.Uploads.TryAdd(request))
        {
            return Fail(CutReason.Flood, "it asked for more than the queue that we told it");
        }

        connection.Sender.Signal();
        return true;
    }

    // Of a torrent without a v1 half libtorrent 2.0 asks for the last block in full, and takes zeros for what lies beyond the end.
    private int EndOf(int piece) => Swarm.Torrent.InfoV1 is not null
        ? Geometry.LengthOf(piece)
        : (int)Math.Min(Geometry.PieceLength, Geometry.BlocksOf(piece) * (long)PieceGeometry.BlockLength);

    private void TakeBack(UploadRequest request)
    {
        if (connection.Sender.Uploads.Cancel(request) && connection.Theirs.Fast)
        {
            Reject(request);
        }
    }

    private void Reject(UploadRequest request) =>
        connection.Sender.Post(messages => messages.Block(MessageKind.Reject, request.Piece, request.Begin, request.Length));

    private bool TryReject(PeerMessage message)
    {
        if (message.Index < 0 || message.Index >= Geometry.Pieces || message.Begin < 0 || message.Begin >= Geometry.LengthOf(message.Index))
        {
            return Fail(CutReason.BrokenRule, "it refused bytes that do not exist");
        }

        Swarm.Download?.Board.Rejected(Source, message.Index, message.Begin / PieceGeometry.BlockLength);
        return true;
    }

    private bool TryExtended(PeerMessage message)
    {
        if (message.Body[0] != ExtensionHandshake.Id)
        {
            return true;
        }

        if (!ExtensionHandshake.TryRead(message.Body[1..].ToArray(), out var queue))
        {
            return Fail(CutReason.BadMessage, "its extension handshake is no dictionary");
        }

        connection.SetPeerQueue(queue ?? 250);
        return true;
    }

    // Hashing what a peer wants to know is work for other threads, and for one request of a connection at a time.
    private bool TryAnswer(HashRequest request)
    {
        if (connection.Sender.Waiting > MaxUntaken)
        {
            return Fail(CutReason.Flood, "it asks for hashes and does not take the answers");
        }

        if (_hashRequests.Waiting >= MaxHashRequests)
        {
            connection.Sender.Post(messages => messages.Hashes(MessageKind.HashReject, request));
        }
        else if (_hashRequests.Add(request))
        {
            context.Work.TryRun(() => _hashRequests.Work(AnswerNow));
        }

        return true;
    }

    private void AnswerNow(HashRequest request)
    {
        var answer = connection.Sender.Waiting > MaxUntaken ? null : Hashes(request);
        connection.Sender.Post(messages => messages.Hashes(answer is null ? MessageKind.HashReject : MessageKind.Hashes, request, answer));
    }

    private byte[]? Hashes(HashRequest request)
    {
        if (!Swarm.Tree.IsValid(request))
        {
            return null;
        }

        var (first, last) = Swarm.Tree.PiecesBelow(request);
        var leaves = new Dictionary<int, byte[]>();
        try
        {
            for (var piece = first; piece <= last; piece++)
            {
                if (!Swarm.Have[piece] || Swarm.Leaves(piece) is not { } known)
                {
                    return null;
                }

                leaves.Add(piece, known);
            }

            return Swarm.Tree.Answer(request, piece => leaves.TryGetValue(piece, out var known) ? known : Swarm.Leaves(piece) ?? []);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return null;
        }
    }
}
