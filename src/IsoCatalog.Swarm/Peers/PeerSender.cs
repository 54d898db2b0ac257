using System.Threading.Channels;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Storage;
using IsoCatalog.Swarm.Wire;

namespace IsoCatalog.Swarm.Peers;

/// <summary>
/// The sending half of a connection: messages first, then up to 1 MiB of blocks, read from the file into their places between
/// their headers and written at once. Adding is thread-safe; one task sends.
/// </summary>
internal sealed class PeerSender
{
    private const int BatchBlocks = 64;
    private const int BatchBytes = BatchBlocks * MerkleTree.LeafLength;
    private const int MessageRoom = 64 * 1024;
    private const int SmallBuffer = 16 * 1024;

    // What a working connection can have waiting: all requests of a full window, their cancels, each piece announced, and answers to hash requests.
    private const int MostMessages = 2 * 1024 * 1024;
    private const int MostForEachPiece = 16;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    private readonly SwarmContext _context;
    private readonly ImageSwarm _swarm;
    private readonly Stream _stream;
    private readonly Lock _gate = new();
    private readonly OutboundMessages _messages = new();

    /// <summary>Never disposed and never full: whoever still knows a connection that has ended may post to it.</summary>
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly List<UploadRequest> _batch = [];
    private readonly List<Memory<byte>> _places = [];
    private byte[] _buffer = new byte[SmallBuffer];
    private long _sendingSince;
    private long _sentAt;

    public PeerSender(SwarmContext context, ImageSwarm swarm, Stream stream)
    {
        (_context, _swarm, _stream) = (context, swarm, stream);
        _sentAt = context.Clock.GetTimestamp();
    }

    public UploadQueue Uploads { get; } = new(ExtensionHandshake.OurQueue + 256);

    public RateMeter Sent { get; } = new();

    /// <summary>When something was last sent.</summary>
    public long SentAt => Volatile.Read(ref _sentAt);

    /// <summary>When the write that is going on began; 0 when there is none.</summary>
    public long SendingSince => Volatile.Read(ref _sendingSince);

    /// <summary>Bytes of messages that wait, because the other side does not take them.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _messages.Length;
            }
        }
    }

    /// <summary>More waits than a working connection ever has. Nothing is added any more.</summary>
    public bool IsOverfull => Waiting > Most;

    private int Most => MostMessages + MostForEachPiece * _swarm.Torrent.Geometry.Pieces;

    public void Post(Action<OutboundMessages> write)
    {
        lock (_gate)
        {
            if (_messages.Length <= Most)
            {
                write(_messages);
            }
        }

        Signal();
    }

    public void Signal() => _signal.Writer.TryWrite(true);

    /// <summary>Sends until it fails or is cancelled.</summary>
    /// <exception cref="IOException">The connection ended, or the file cannot be read.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _signal.Reader.ReadAsync(cancellationToken);
            if (_buffer.Length > SmallBuffer && _context.Clock.GetElapsedTime(SentAt) > Idle)
            {
                // The keep-alive comes by here too.
                _buffer = new byte[SmallBuffer];
            }

            while (true)
            {
                var length = TakeMessages();
                var (payload, total) = TakeBlocks(length);
                if (total == 0)
                {
                    break;
                }

                if (payload > 0)
                {
                    await _context.Upload.TakeAsync(payload, cancellationToken);
                }

                Volatile.Write(ref _sendingSince, _context.Clock.GetTimestamp());
                await _stream.WriteAsync(_buffer.AsMemory(0, total), cancellationToken);
                await _stream.FlushAsync(cancellationToken);
                Volatile.Write(ref _sentAt, _context.Clock.GetTimestamp());
                Volatile.Write(ref _sendingSince, 0);
                Sent.Add(payload);
                _context.Ledger.Sent.Add(payload);
            }
        }
    }

    private int TakeMessages()
    {
        lock (_gate)
        {
            var taken = Math.Min(_messages.Length, MessageRoom);
            if (taken > _buffer.Length)
            {
                _buffer = new byte[MessageRoom];
            }

            _messages.Bytes[..taken].CopyTo(_buffer);
            _messages.Drop(taken);

            // A message may be cut here; its rest must follow before any block does.
            return taken;
        }
    }

    private bool HasMoreMessages()
    {
        lock (_gate)
        {
            return _messages.Length > 0;
        }
    }

    private (int Payload, int Total) TakeBlocks(int start)
    {
        _batch.Clear();
        if (start == MessageRoom && HasMoreMessages())
        {
            return (0, start);
        }

        Uploads.Take(_batch, BatchBlocks, _context.Upload.Portion(BatchBytes));
        if (_batch.Count == 0)
        {
            return (0, start);
        }

        var payload = _batch.Sum(request => request.Length);
        var total = start + payload + _batch.Count * OutboundMessages.PieceHeader;
        if (total > _buffer.Length)
        {
            var larger = GC.AllocateUninitializedArray<byte>(Math.Max(total, MessageRoom + BatchBytes + BatchBlocks * OutboundMessages.PieceHeader));
            _buffer.AsSpan(0, start).CopyTo(larger);
            _buffer = larger;
        }

        Fill(start);
        return (payload, total);
    }

    private void Fill(int position)
    {
        for (var i = 0; i < _batch.Count;)
        {
            _places.Clear();
            var first = _batch[i];
            var offset = _swarm.Torrent.Geometry.OffsetOf(first.Piece) + first.Begin;
            var next = offset;
            for (; i < _batch.Count && _swarm.Torrent.Geometry.OffsetOf(_batch[i].Piece) + _batch[i].Begin == next; i++)
            {
                var request = _batch[i];
                var held = Math.Min(request.Length, _swarm.Torrent.Geometry.LengthOf(request.Piece) - request.Begin);
                OutboundMessages.WritePieceHeader(_buffer.AsSpan(position), request.Piece, request.Begin, request.Length);
                position += OutboundMessages.PieceHeader;
                _places.Add(_buffer.AsMemory(position, held));
                _buffer.AsSpan(position + held, request.Length - held).Clear();
                position += request.Length;
                next += held;
            }

            Read(offset, next - offset);
        }
    }

    private void Read(long offset, long length)
    {
        while (true)
        {
            var file = _swarm.File ?? throw new ObjectDisposedException(nameof(ImageFile));
            try
            {
                if (!file.TryRead(_places, offset, length) && !TryReadEach(file, offset))
                {
                    throw new ImageFileException($"{file.Path} ends before byte {offset + length}: somebody cut it.");
                }

                return;
            }
            catch (ObjectDisposedException) when (_swarm.File != file && _swarm.File is not null)
            {
                // It was replaced by the same image elsewhere.
            }
            catch (IOException e)
            {
                throw new ImageFileException($"Cannot read {file.Path}: {e.Message}", e);
            }
        }
    }

    private bool TryReadEach(ImageFile file, long offset)
    {
        foreach (var place in _places)
        {
            if (!file.TryRead(place.Span, offset))
            {
                return false;
            }

            offset += place.Length;
        }

        return true;
    }
}

/// <summary>Our own file fails, not the connection.</summary>
internal sealed class ImageFileException(string message, Exception? inner = null) : IOException(message, inner);
