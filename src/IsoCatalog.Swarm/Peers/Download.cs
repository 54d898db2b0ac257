using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Swarm.Pieces;
using IsoCatalog.Swarm.Storage;
using IsoCatalog.Swarm.Wire;

namespace IsoCatalog.Swarm.Peers;

/// <summary>What became of a block that a peer sent.</summary>
internal enum BlockVerdict
{
    Taken,
    Unasked,
    NoSuchBlock,
}

/// <summary>
/// An image on its way into a file: blocks wait in memory until their piece hashes to the root, then the piece is written. Hashing and
/// writing are done by the work threads; the threads that receive only copy. A piece that fails is taken apart by its leaf hashes.
/// </summary>
internal sealed class Download : Transfer, IAsyncDisposable
{
    private const int DiskFull = 28;
    private const int QuotaFull = 122;

    private readonly SwarmContext _context;
    private readonly ImageSwarm _swarm;
    private readonly PartialFile _partial;
    private readonly LeafHashes _leaves;
    private readonly TaskCompletionSource<TransferOutcome> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RateMeter _received = new();
    private readonly TaskGroup _runs = new();
    private readonly OneAtATime<OpenPiece> _toWrite = new();
    private int _state = (int)TransferState.Checking;

    public Download(SwarmContext context, ImageSwarm swarm, string path, string? progressPath, string? damagedPath)
        : base(swarm.Torrent, path)
    {
        (_context, _swarm) = (context, swarm);
        Board = new BlockBoard(swarm.Torrent.Geometry, context.Budget);
        _partial = new PartialFile(swarm.Torrent, path, progressPath, damagedPath, context.Clock);
        _leaves = new LeafHashes(swarm.Torrent, Board, context.Clock);
    }

    public BlockBoard Board { get; }

    public TransferState State => (TransferState)Volatile.Read(ref _state);

    public override Task<TransferOutcome> Completion => _completion.Task;

    public override TransferProgress Progress
    {
        get
        {
            var peers = _swarm.Snapshots();
            return new TransferProgress(
                State, Torrent.Size, Verified, _received.Total, _received.Rate, peers.Sum(peer => peer.RequestsInFlight), peers,
                State == TransferState.Fetching && _received.Rate < 1 ? _swarm.StallReason() : null);
        }
    }

    private PieceGeometry Geometry => Torrent.Geometry;

    private long Verified
    {
        get
        {
            var have = Board.Have;
            var last = Geometry.Pieces - 1;
            return have.IsFull ? Torrent.Size
                : (long)have.Count * Geometry.PieceLength - (have[last] ? Geometry.PieceLength - Geometry.LengthOf(last) : 0);
        }
    }

    public void Begin() => _runs.Run(Prepare);

    /// <summary>A block that came, of any shape. The bytes are copied.</summary>
    public BlockVerdict Take(Source source, int index, int begin, ReadOnlySpan<byte> bytes)
    {
        if (index < 0 || index >= Geometry.Pieces || begin < 0 || begin % PieceGeometry.BlockLength != 0
            || begin >= Geometry.LengthOf(index) || bytes.Length != Geometry.LengthOf(index, begin / PieceGeometry.BlockLength))
        {
            return BlockVerdict.NoSuchBlock;
        }

        var block = begin / PieceGeometry.BlockLength;
        _received.Add(bytes.Length);
        switch (Board.TryClaim(source, index, block, out var piece, out var buffer))
        {
            case Claim.Unasked:
                return BlockVerdict.Unasked;
            case Claim.Duplicate:
                _context.Ledger.Wasted(bytes.Length);
                return BlockVerdict.Taken;
            default:
                bytes.CopyTo(buffer.AsSpan(block % OpenPiece.WordBlocks * PieceGeometry.BlockLength));
                break;
        }

        var word = block / OpenPiece.WordBlocks;
        var mask = Board.Arrived(source, piece!, block);
        if (mask != 0)
        {
            _context.Work.TryRun(() => Guard(() => Hash(piece!, word, mask)));
        }

        return BlockVerdict.Taken;
    }

    /// <summary>Leaf hashes that came; false when they break the rules.</summary>
    public bool Take(Source source, HashRequest request, ReadOnlySpan<byte> hashes)
    {
        if (!_leaves.TryTake(source, request, hashes, out var piece))
        {
            return false;
        }

        if (piece is not null)
        {
            _context.Work.TryRun(() => Guard(() => UseLeaves(piece)));
        }

        return true;
    }

    public void HashesRejected(Source source) => _leaves.Rejected(source);

    /// <summary>Several times a second.</summary>
    public void Tick(TimeSpan elapsed)
    {
        _received.Tick(elapsed);
        if (State != TransferState.Fetching)
        {
            return;
        }

        foreach (var piece in _leaves.Ask())
        {
            _context.Work.TryRun(() => Guard(() => DoWithoutLeaves(piece)));
        }

        if (_partial.CommitIsDue(_context.Options.CommitInterval))
        {
            _runs.Run(() => Guard(() => _partial.Commit(Board.Have)));
        }
    }

    /// <summary>Ends it; what was written stays, and is recorded for a resume. Nothing happens when it has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        var was = (TransferState)Interlocked.Exchange(ref _state, (int)TransferState.Stopped);
        if (was is TransferState.Completed or TransferState.Failed)
        {
            Volatile.Write(ref _state, (int)was);
        }

        Board.End();
        await _runs.EndAsync();
        if (was is TransferState.Fetching)
        {
            Guard(() => _partial.Commit(Board.Have));
        }

        _completion.TrySetResult(new TransferOutcome.Stopped());
        _partial.Dispose();
    }

    private void Prepare() => Guard(() =>
    {
        _partial.Open(Board, () => State != TransferState.Checking);
        _swarm.File = _partial.File;
        if (Interlocked.CompareExchange(ref _state, (int)TransferState.Fetching, (int)TransferState.Checking) != (int)TransferState.Checking)
        {
            return;
        }

        _context.Report(SwarmEventKind.Transfer, $"Fetching into {Path}: {Verified} of {Torrent.Size} bytes are there.", root: Torrent.Root);
        FinishIfFull();
        _swarm.Wake();
    });

    private void Hash(OpenPiece piece, int word, ulong mask)
    {
        PieceCheck.HashBlocks(piece, word, mask);
        if (Board.HashedWord(piece))
        {
            Verify(piece);
        }
    }

    private void Verify(OpenPiece piece)
    {
        if (PieceCheck.Root(Geometry, piece.Index, piece.Digests) == Torrent.PieceHash(piece.Index))
        {
            Write(piece);
        }
        else if (piece.LeafState == LeafState.Known || Geometry.LeavesUnder(piece.Index) == 1)
        {
            TakeApart(piece);
        }
        else
        {
            _leaves.Want(piece);
        }
    }

    private void UseLeaves(OpenPiece piece)
    {
        // Until the damaged file has given what it can, none of the blocks is to be fetched.
        var (fill, isFull) = (piece.FillFromDamaged, false);
        if (fill)
        {
            isFull = _partial.FillFromDamaged(Board, piece);
        }

        lock (Board.Gate)
        {
            (piece.LeafState, piece.FillFromDamaged) = (LeafState.Known, false);
        }

        if (!fill)
        {
            TakeApart(piece);
        }
        else if (isFull)
        {
            Verify(piece);
        }

        _swarm.Wake();
    }

    // Each wrong block is blamed on who sent it, and fetched again.
    private void TakeApart(OpenPiece piece)
    {
        var wrong = piece.LeafState == LeafState.Known ? PieceCheck.Wrong(piece) : [piece.Full(0)];
        var blamed = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var block = 0; block < piece.Blocks; block++)
        {
            if ((wrong[block / OpenPiece.WordBlocks] & OpenPiece.Bit(block)) != 0 && piece.Origins[block] is { } origin)
            {
                blamed[origin] = blamed.GetValueOrDefault(origin) + 1;
            }
        }

        Board.Reopen(piece, wrong);
        Blame(piece, blamed);
    }

    // Nobody can say which block is wrong: the whole piece is, and it is fetched again from one peer alone.
    private void DoWithoutLeaves(OpenPiece piece)
    {
        lock (Board.Gate)
        {
            if (piece.LeafState != LeafState.Wanted)
            {
                return;
            }

            (piece.LeafState, piece.FillFromDamaged) = (LeafState.NotNeeded, false);
        }

        if (piece.IsFull)
        {
            string[] origins = [.. piece.Origins.OfType<string>().Distinct(StringComparer.Ordinal)];
            lock (Board.Gate)
            {
                // One that is gone, or was cut for another piece, would be waited for without end.
                piece.OnlyFrom = origins.Length > 1
                    ? Array.Find(origins, origin => Board.Sources.Any(source => source.Identity == origin && source.Has[piece.Index]))
                    : null;
            }

            Board.Reopen(piece, [.. Enumerable.Range(0, piece.Words).Select(piece.Full)]);
            Blame(piece, origins.Length == 1 ? new Dictionary<string, int>(StringComparer.Ordinal) { [origins[0]] = 1 } : []);
        }

        _swarm.Wake();
    }

    private void Blame(OpenPiece piece, Dictionary<string, int> blamed)
    {
        foreach (var (origin, blocks) in blamed)
        {
            _context.Ledger.Corrupt(origin, blocks);
            _context.Ledger.Wasted((long)blocks * PieceGeometry.BlockLength);
            _context.Report(
                SwarmEventKind.Corrupt, $"{origin} sent {blocks} blocks of piece {piece.Index} that do not match the signed root.", origin, Torrent.Root);
            _swarm.CutForCorruption(origin);
        }

        _swarm.Wake();
    }

    // The kernel lets one thread at a time write to a file, and others spin: so one writes, and the others go on hashing.
    private void Write(OpenPiece piece)
    {
        if (_toWrite.Add(piece))
        {
            _toWrite.Work(WriteNow);
        }

        FinishIfFull();
    }

    private void WriteNow(OpenPiece piece)
    {
        _partial.Write(Geometry, piece);
        Board.Written(piece);
        if (Board.Have[piece.Index])
        {
            _swarm.Announce(piece.Index);
        }
    }

    private void FinishIfFull()
    {
        if (Board.Have.IsFull
            && Interlocked.CompareExchange(ref _state, (int)TransferState.Finishing, (int)TransferState.Fetching) == (int)TransferState.Fetching)
        {
            _runs.Run(() => Guard(Finish));
        }
    }

    private void Finish()
    {
        Board.End();
        _partial.Finish();
        if (Interlocked.CompareExchange(ref _state, (int)TransferState.Completed, (int)TransferState.Finishing) == (int)TransferState.Finishing)
        {
            _context.Report(SwarmEventKind.Transfer, $"{Path} is complete: {_received.Total} of {Torrent.Size} bytes were fetched.", root: Torrent.Root);
            _completion.TrySetResult(new TransferOutcome.Completed(_received.Total));
        }
    }

    private void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (ObjectDisposedException)
        {
            // The transfer was stopped while this was on its way.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Volatile.Write(ref _state, (int)TransferState.Failed);
            Board.End();
            _context.Report(SwarmEventKind.Storage, $"Cannot go on with {Path}: {e.Message}", root: Torrent.Root);
            _completion.TrySetResult(new TransferOutcome.StorageFailed(e.Message, e.HResult is DiskFull or QuotaFull));
        }
    }
}
