using System.Numerics;

namespace IsoCatalog.Swarm.Pieces;

internal enum Claim
{
    /// <summary>The caller is to copy the block and then to say that it is there.</summary>
    Accepted,

    /// <summary>It was asked for, but somebody else was faster.</summary>
    Duplicate,

    /// <summary>It was never asked for.</summary>
    Unasked,
}

/// <summary>
/// Who is asked for which block: rarest pieces first, in turn from a random start of each source; blocks of slow sources are asked for twice at
/// the end. Only memory is touched under its lock. Thread-safe.
/// </summary>
internal sealed class BlockBoard(PieceGeometry geometry, OpenBudget budget)
{
    private const int LeastOpen = 2;

    private readonly Lock _gate = new();
    private readonly List<Source> _sources = [];
    private readonly Dictionary<int, OpenPiece> _open = [];
    private readonly List<OpenPiece> _withFree = [];
    private readonly PiecePicker _picker = new(geometry);
    private bool _ended;

    /// <summary>Pieces that are in the file and right.</summary>
    public Bitfield Have { get; } = new(geometry.Pieces);

    public BlockBuffers Buffers { get; } = new(Math.Min(geometry.PieceLength, OpenPiece.WordLength));

    /// <summary>Pieces of which a damaged file may have some right blocks.</summary>
    public HashSet<int> Damaged { get; } = [];

    public Lock Gate => _gate;

    /// <summary>Only under <see cref="Gate"/>.</summary>
    public IEnumerable<OpenPiece> Open => _open.Values;

    /// <summary>Only under <see cref="Gate"/>.</summary>
    public IReadOnlyList<Source> Sources => _sources;

    public void Add(Source source)
    {
        lock (_gate)
        {
            _sources.Add(source);
        }
    }

    public void Remove(Source source)
    {
        lock (_gate)
        {
            if (!_sources.Remove(source))
            {
                return;
            }

            Unask_NeedsLock(source, late: false);
            foreach (var piece in _open.Values.Where(piece => piece.OnlyFrom == source.Identity))
            {
                piece.OnlyFrom = null;
            }

            _picker.Remove(source);
        }
    }

    /// <summary>Announces all that a source has, once, before anything is asked of it.</summary>
    public bool TrySetHas(Source source, ReadOnlySpan<byte> bits)
    {
        lock (_gate)
        {
            return _picker.TryAdd(source, bits);
        }
    }

    public void SetHasAll(Source source)
    {
        lock (_gate)
        {
            _picker.AddAll(source);
        }
    }

    public void SetHas(Source source, int piece)
    {
        lock (_gate)
        {
            _picker.Add(source, piece);
            if (_open.TryGetValue(piece, out var open))
            {
                _picker.PartWays(source, _sources, open);
            }
        }
    }

    /// <summary>Chooses up to so many blocks to ask a source for, and takes them as asked.</summary>
    public int Assign(Source source, int blocks, List<BlockRun> runs)
    {
        lock (_gate)
        {
            source.Starved = false;

            // A connection that just ended may still look for work; what it took nobody would ever fetch.
            if (_ended || !source.Open || blocks <= 0 || !_sources.Contains(source))
            {
                return 0;
            }

            var left = blocks;
            for (var i = 0; i < _withFree.Count && left > 0; i++)
            {
                if (_withFree[i].FreeBlocks == 0)
                {
                    _withFree.RemoveAt(i--);
                }
                else if (source.Has[_withFree[i].Index])
                {
                    left -= Take_NeedsLock(source, _withFree[i], left, runs);
                }
            }

            while (left > 0 && OpenNext_NeedsLock(source) is { } piece)
            {
                left -= Take_NeedsLock(source, piece, left, runs);
            }

            if (left == blocks && source.InFlight == 0 && Have.Count + _open.Count == geometry.Pieces && _withFree.TrueForAll(piece => piece.FreeBlocks == 0))
            {
                left -= Duplicate_NeedsLock(source, Math.Min(left, OpenPiece.WordBlocks), runs);
            }

            return blocks - left;
        }
    }

    /// <summary>A block came from a source. When accepted, nobody else writes to its place until <see cref="Arrived"/>.</summary>
    public Claim TryClaim(Source source, int index, int block, out OpenPiece? piece, out byte[]? bytes)
    {
        lock (_gate)
        {
            (piece, bytes) = (null, null);
            var (word, bit) = (block / OpenPiece.WordBlocks, OpenPiece.Bit(block));
            var key = OpenPiece.Key(index, word);
            if (source.TakeAsked(key, bit))
            {
                source.InFlight--;
                _open.GetValueOrDefault(index)?.Unask(word, bit);
            }
            else if (!source.TakeLate(key, bit))
            {
                return Claim.Unasked;
            }

            source.Stalled = false;
            piece = _open.GetValueOrDefault(index);
            if (piece is null || _ended || (piece.Claimed[word] & bit) != 0 || piece.LeafState == LeafState.Wanted)
            {
                return Claim.Duplicate;
            }

            piece.FreeBlocks -= (piece.Free[word] & bit) != 0 ? 1 : 0;
            piece.Free[word] &= ~bit;
            piece.Claimed[word] |= bit;
            if (piece.AskedTimes(block) > 0)
            {
                CancelElsewhere_NeedsLock(source, index, block, bit);
            }

            bytes = piece.Bytes(word, Buffers);
            return Claim.Accepted;
        }
    }

    /// <summary>A claimed block was copied to its place. The blocks of its word that are to be hashed now, or none.</summary>
    public ulong Arrived(Source source, OpenPiece piece, int block)
    {
        lock (_gate)
        {
            var word = block / OpenPiece.WordBlocks;
            piece.Origins[block] = source.Identity;
            piece.Received[word] |= OpenPiece.Bit(block);
            return _ended ? 0 : NextToHash_NeedsLock(piece, word);
        }
    }

    /// <summary>A word was hashed. True when the whole piece is, and is to be verified now.</summary>
    public bool HashedWord(OpenPiece piece)
    {
        lock (_gate)
        {
            return --piece.Hashing == 0 && piece.IsFull && !_ended;
        }
    }

    /// <summary>Fills blocks that need not be fetched; the caller has copied and checked them. True when the whole piece is there.</summary>
    public bool Fill(OpenPiece piece, int word, ulong mask)
    {
        lock (_gate)
        {
            piece.FreeBlocks -= BitOperations.PopCount(piece.Free[word] & mask);
            piece.Free[word] &= ~mask;
            piece.Claimed[word] |= mask;
            piece.Received[word] |= mask;
            piece.Hashed[word] |= mask;
            return piece.IsFull && piece.Hashing == 0;
        }
    }

    /// <summary>The piece is in the file. After the end nobody is told of it any more, because the record of what is there is closed.</summary>
    public void Written(OpenPiece piece)
    {
        lock (_gate)
        {
            if (!_ended)
            {
                Have.Set(piece.Index);
                Close_NeedsLock(piece);
            }
        }
    }

    /// <summary>Some of its blocks are wrong, and are fetched again.</summary>
    public void Reopen(OpenPiece piece, ReadOnlySpan<ulong> wrong)
    {
        lock (_gate)
        {
            for (var word = 0; word < piece.Words; word++)
            {
                piece.Forget(word, wrong[word]);
            }

            if (!_withFree.Contains(piece))
            {
                _withFree.Add(piece);
            }
        }
    }

    /// <summary>What a source was asked for goes to others. <paramref name="late"/>: it may come all the same.</summary>
    public void Unask(Source source, bool late)
    {
        lock (_gate)
        {
            Unask_NeedsLock(source, late);
        }
    }

    /// <summary>A source will not send a block. False when it was not asked for it.</summary>
    public bool Rejected(Source source, int index, int block)
    {
        lock (_gate)
        {
            var (word, bit) = (block / OpenPiece.WordBlocks, OpenPiece.Bit(block));
            var key = OpenPiece.Key(index, word);
            if (!source.TakeAsked(key, bit))
            {
                return source.TakeLate(key, bit);
            }

            source.InFlight--;
            Unask_NeedsLock(index, word, bit);
            return true;
        }
    }

    /// <summary>No block is taken any more, and the memory of all is given back.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var piece in _open.Values.ToArray())
            {
                budget.Free(piece.Length);
            }

            _open.Clear();
            _withFree.Clear();
            Buffers.Clear();
        }
    }

    // A word is hashed when all of it is here: many blocks at a time is what makes hashing fast.
    private static ulong NextToHash_NeedsLock(OpenPiece piece, int word)
    {
        if (piece.Received[word] != piece.Full(word))
        {
            return 0;
        }

        var mask = piece.Received[word] & ~piece.Hashed[word];
        piece.Hashed[word] |= mask;
        piece.Hashing += mask != 0 ? 1 : 0;
        return mask;
    }

    private static int Take_NeedsLock(Source source, OpenPiece piece, int most, List<BlockRun> runs)
    {
        var taken = 0;
        var may = piece.LeafState != LeafState.Wanted && (piece.OnlyFrom is null || piece.OnlyFrom == source.Identity);
        for (var word = 0; word < piece.Words && taken < most && may; word++)
        {
            var mask = OpenPiece.Lowest(piece.Free[word], most - taken);
            if (mask != 0)
            {
                taken += Ask_NeedsLock(source, piece, word, mask, runs);
            }
        }

        return taken;
    }

    private static int Ask_NeedsLock(Source source, OpenPiece piece, int word, ulong mask, List<BlockRun> runs)
    {
        var count = BitOperations.PopCount(mask);
        var key = OpenPiece.Key(piece.Index, word);
        piece.Ask(word, mask);
        source.Asked[key] = source.Asked.GetValueOrDefault(key) | mask;
        source.InFlight += count;
        runs.Add(new BlockRun(piece.Index, word, mask));
        return count;
    }

    private OpenPiece? OpenNext_NeedsLock(Source source)
    {
        var best = _picker.Next(source, Have, _open);
        if (best < 0)
        {
            return null;
        }

        if (!budget.TryTake(geometry.LengthOf(best), atLeast: _open.Count < LeastOpen))
        {
            source.Starved = true;
            return null;
        }

        source.NextPiece = (best + 1) % geometry.Pieces;
        var opened = new OpenPiece(geometry, best);
        if (Damaged.Remove(best))
        {
            (opened.FillFromDamaged, opened.LeafState) = (true, LeafState.Wanted);
        }

        _open.Add(best, opened);
        _withFree.Add(opened);
        return opened;
    }

    // The end of a transfer must not wait for a slow source: what it has not sent is asked of a faster one as well.
    private int Duplicate_NeedsLock(Source source, int most, List<BlockRun> runs)
    {
        var taken = 0;
        var ours = source.Backlog;
        foreach (var slow in _sources)
        {
            if (slow == source || slow.InFlight == 0 || slow.Backlog < 2 * ours + 0.05)
            {
                continue;
            }

            foreach (var (key, mask) in slow.Asked)
            {
                var (index, word) = OpenPiece.FromKey(key);
                if (taken == most || !source.Has[index] || !_open.TryGetValue(index, out var piece)
                    || piece.LeafState == LeafState.Wanted || piece.OnlyFrom is not null)
                {
                    continue;
                }

                var wanted = mask & ~piece.Claimed[word] & ~source.Asked.GetValueOrDefault(key);
                for (var rest = wanted; rest != 0; rest &= rest - 1)
                {
                    wanted &= piece.AskedTimes(word * OpenPiece.WordBlocks + BitOperations.TrailingZeroCount(rest)) > 1
                        ? ~(rest & (~rest + 1)) : ulong.MaxValue;
                }

                wanted = OpenPiece.Lowest(wanted, most - taken);
                taken += wanted == 0 ? 0 : Ask_NeedsLock(source, piece, word, wanted, runs);
            }
        }

        return taken;
    }

    private void CancelElsewhere_NeedsLock(Source winner, int index, int block, ulong bit)
    {
        var key = OpenPiece.Key(index, block / OpenPiece.WordBlocks);
        foreach (var other in _sources)
        {
            if (other != winner && other.TakeAsked(key, bit))
            {
                other.InFlight--;
                other.AddLate(key, bit);
                _open[index].Unask(block / OpenPiece.WordBlocks, bit);
                other.Cancel(index, block);
            }
        }
    }

    private void Unask_NeedsLock(Source source, bool late)
    {
        foreach (var (key, mask) in source.Asked)
        {
            var (index, word) = OpenPiece.FromKey(key);
            Unask_NeedsLock(index, word, mask);
            if (late)
            {
                source.AddLate(key, mask);
            }
        }

        source.Asked.Clear();
        source.InFlight = 0;
    }

    private void Unask_NeedsLock(int index, int word, ulong mask)
    {
        if (_open.TryGetValue(index, out var piece))
        {
            var had = piece.FreeBlocks;
            piece.Unask(word, mask);
            if (had == 0 && piece.FreeBlocks > 0 && !_withFree.Contains(piece))
            {
                _withFree.Add(piece);
            }
        }
    }

    private void Close_NeedsLock(OpenPiece piece)
    {
        if (_open.Remove(piece.Index))
        {
            budget.Free(piece.Length);
            piece.GiveBack(Buffers);
        }

        _withFree.Remove(piece);
    }
}
