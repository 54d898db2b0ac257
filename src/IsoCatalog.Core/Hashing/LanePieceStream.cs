using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace IsoCatalog.Core.Hashing;

/// <summary>
/// Several pieces at once. SHA-1 of one piece cannot be split, so bytes wait until every lane has a piece (or, of small ones, a
/// run of pieces); while the next ones arrive, the waiting ones are hashed at the same pace, a row of one fragment from each lane
/// at a time, and their fragments are used again. So the memory is that of one set of pieces (at most 64 MiB) and a little.
/// </summary>
internal sealed unsafe class LanePieceStream : PieceStream
{
    private const int FragmentLength = 16 * 1024;
    private const int MostWaiting = 64 * 1024 * 1024;

    // What may be taken before hashing has to keep up: a block of the caller. Small pieces wait for two such blocks, lest one
    // block brings more than a set, which would be hashed before the block is given back.
    private const int BlockLength = 4 * 1024 * 1024;
    private const int SpareFragments = BlockLength / FragmentLength;
    private const int FewestWaiting = 2 * BlockLength;

    private readonly Memory<byte> _pieces;
    private readonly int _pieceLength;
    private readonly int _piecesInLane;
    private readonly int _rowsInPiece;
    private readonly int _rows;
    private readonly int _lanes;
    private readonly Stack<nint> _free;
    private readonly NativeBlock _memory;
    private readonly Vector256<uint>* _state;

    // Fragment r of lane n is at n * _rows + r.
    private nint[] _arriving;
    private nint[] _waiting;
    private int _arrived;
    private int _fragmentLength;
    private int _taken;
    private int _hashedRows;
    private int _waitingLanes;
    private int _done;

    public LanePieceStream(int pieceLength, Memory<byte> pieces, int lanes)
    {
        (_pieceLength, _pieces, _lanes) = (pieceLength, pieces, lanes);
        _rowsInPiece = pieceLength / FragmentLength;
        _piecesInLane = Math.Max(1, FewestWaiting / (pieceLength * lanes));
        _rows = _piecesInLane * _rowsInPiece;
        _hashedRows = _rows;
        _arriving = new nint[lanes * _rows];
        _waiting = new nint[lanes * _rows];
        var fragments = lanes * _rows + SpareFragments;
        var stateLength = Sha1x8.StateVectors * sizeof(Vector256<uint>);
        _memory = new NativeBlock((nuint)fragments * FragmentLength + (nuint)stateLength);
        _free = new Stack<nint>(fragments);
        for (var i = fragments - 1; i >= 0; i--)
        {
            _free.Push((nint)_memory.Start + (nint)i * FragmentLength);
        }

        _state = (Vector256<uint>*)(_memory.Start + (nint)fragments * FragmentLength);
    }

    public static int LanesFor(int pieceLength) => Math.Min(Sha1x8.Lanes, MostWaiting / pieceLength);

    public override void Append(ReadOnlySpan<byte> data)
    {
        ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
        while (data.Length > 0)
        {
            if (_fragmentLength == 0)
            {
                _arriving[_arrived] = TakeFragment();
            }

            var taken = Math.Min(FragmentLength - _fragmentLength, data.Length);
            data[..taken].CopyTo(new Span<byte>((byte*)_arriving[_arrived] + _fragmentLength, taken));
            _fragmentLength += taken;
            data = data[taken..];
            if (_fragmentLength == FragmentLength)
            {
                (_fragmentLength, _arrived, _taken) = (0, _arrived + 1, _taken + 1);
                if (_arrived == _arriving.Length)
                {
                    BeginHashing(_lanes);
                }
            }
        }
    }

    // Ahead of what arrived by as much as arrived since the last time: an even share of the work falls to each block.
    public override void CatchUp()
    {
        var due = _arrived + Math.Min(_taken, SpareFragments);
        _taken = 0;
        while (_hashedRows < _rows && _hashedRows * _waitingLanes < due)
        {
            HashRow();
        }
    }

    public override void Complete()
    {
        ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
        var whole = _arrived / _rows;
        var (next, end, lastLength) = (whole * _rows, _arrived, _fragmentLength);
        BeginHashing(whole);
        FinishHashing();

        // What fills no lane: whole pieces of a run, then the last one, which may be short and end within a fragment.
        for (; next < end || (next == end && lastLength > 0); next += _rowsInPiece)
        {
            var fragments = Math.Min(_rowsInPiece, end - next + (lastLength > 0 ? 1 : 0));
            var isCut = lastLength > 0 && next + fragments == end + 1;
            HashAlone(_waiting.AsSpan(next, fragments), isCut ? lastLength : FragmentLength);
        }
    }

    public override void Dispose() => _memory.Dispose();

    private nint TakeFragment()
    {
        if (_free.Count == 0)
        {
            HashRow();
        }

        return _free.Pop();
    }

    private void BeginHashing(int lanes)
    {
        FinishHashing();
        (_arriving, _waiting) = (_waiting, _arriving);
        (_arrived, _fragmentLength, _waitingLanes) = (0, 0, lanes);
        _hashedRows = lanes > 0 ? 0 : _rows;
        Sha1x8.Begin(_state);
    }

    private void FinishHashing()
    {
        while (_hashedRows < _rows)
        {
            HashRow();
        }
    }

    private void HashRow()
    {
        // Lanes that have no piece of their own repeat the first one.
        var messages = stackalloc byte*[Sha1x8.Lanes];
        for (var lane = 0; lane < Sha1x8.Lanes; lane++)
        {
            messages[lane] = (byte*)_waiting[lane < _waitingLanes ? lane * _rows + _hashedRows : _hashedRows];
        }

        Sha1x8.Append(_state, messages, FragmentLength / 64);
        for (var lane = 0; lane < _waitingLanes; lane++)
        {
            _free.Push((nint)messages[lane]);
        }

        if (++_hashedRows % _rowsInPiece == 0)
        {
            WriteDigests(_hashedRows / _rowsInPiece - 1);
        }
    }

    private void WriteDigests(int pieceInLane)
    {
        var ending = stackalloc byte[64];
        Sha256Constants.WriteEnding(new Span<byte>(ending, 64), _pieceLength);
        var messages = stackalloc byte*[Sha1x8.Lanes];
        new Span<nint>(messages, Sha1x8.Lanes).Fill((nint)ending);
        Sha1x8.Append(_state, messages, 1);
        for (var lane = 0; lane < _waitingLanes; lane++)
        {
            var piece = _pieces.Span[((_done + lane * _piecesInLane + pieceInLane) * Sha1Digest.Length)..];
            for (var word = 0; word < Sha1x8.StateVectors; word++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(piece[(word * 4)..], _state[word][lane]);
            }
        }

        Sha1x8.Begin(_state);
        if (pieceInLane == _piecesInLane - 1)
        {
            _done += _waitingLanes * _piecesInLane;
        }
    }

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "BEP 3 defines pieces so; v2 is what we verify.")]
    private void HashAlone(ReadOnlySpan<nint> fragments, int lastLength)
    {
        using var piece = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        for (var i = 0; i < fragments.Length; i++)
        {
            piece.AppendData(new ReadOnlySpan<byte>((void*)fragments[i], i < fragments.Length - 1 ? FragmentLength : lastLength));
        }

        piece.GetHashAndReset(_pieces.Span[(_done++ * Sha1Digest.Length)..]);
    }
}
