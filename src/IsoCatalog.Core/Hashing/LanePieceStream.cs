using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace IsoCatalog.Core.Hashing;

/// <summary>
/// Several pieces at once. SHA-1 of one piece cannot be split, so bytes wait until as many pieces as there are lanes have
/// arrived; while the next ones arrive, the waiting ones are hashed at the same pace, a row of one fragment from each piece at
/// a time, and their fragments are used again. So the memory is that of one set of pieces (at most 64 MiB) and a little.
/// </summary>
internal sealed unsafe class LanePieceStream : PieceStream
{
    private const int FragmentLength = 16 * 1024;
    private const int MostWaiting = 64 * 1024 * 1024;

    // What may be taken before hashing has to keep up: a block of the caller.
    private const int SpareFragments = 4 * 1024 * 1024 / FragmentLength;

    private readonly Memory<byte> _pieces;
    private readonly int _pieceLength;
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
    private int _hashedRows;
    private int _waitingLanes;
    private int _done;

    public LanePieceStream(int pieceLength, Memory<byte> pieces, int lanes)
    {
        (_pieceLength, _pieces, _lanes) = (pieceLength, pieces, lanes);
        _rows = pieceLength / FragmentLength;
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
                (_fragmentLength, _arrived) = (0, _arrived + 1);
                if (_arrived == _arriving.Length)
                {
                    BeginHashing(_lanes);
                }
            }
        }
    }

    public override void CatchUp()
    {
        while (_hashedRows < _rows && _hashedRows * _waitingLanes < _arrived)
        {
            HashRow();
        }
    }

    public override void Complete()
    {
        ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
        var whole = _arrived / _rows;
        var (first, end, lastLength) = (whole * _rows, _arrived, _fragmentLength);
        BeginHashing(whole);
        FinishHashing();
        if (end > first || lastLength > 0)
        {
            HashLastPiece(_waiting.AsSpan(first, end - first + (lastLength > 0 ? 1 : 0)), lastLength > 0 ? lastLength : FragmentLength);
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

        if (++_hashedRows == _rows)
        {
            WriteDigests();
        }
    }

    private void WriteDigests()
    {
        var ending = stackalloc byte[64];
        Sha256Constants.WriteEnding(new Span<byte>(ending, 64), _pieceLength);
        var messages = stackalloc byte*[Sha1x8.Lanes];
        new Span<nint>(messages, Sha1x8.Lanes).Fill((nint)ending);
        Sha1x8.Append(_state, messages, 1);
        for (var lane = 0; lane < _waitingLanes; lane++, _done++)
        {
            for (var word = 0; word < Sha1x8.StateVectors; word++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(_pieces.Span[(_done * Sha1Digest.Length + word * 4)..], _state[word][lane]);
            }
        }
    }

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "BEP 3 defines pieces so; v2 is what we verify.")]
    private void HashLastPiece(ReadOnlySpan<nint> fragments, int lastLength)
    {
        using var piece = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        for (var i = 0; i < fragments.Length; i++)
        {
            piece.AppendData(new ReadOnlySpan<byte>((void*)fragments[i], i < fragments.Length - 1 ? FragmentLength : lastLength));
        }

        piece.GetHashAndReset(_pieces.Span[(_done++ * Sha1Digest.Length)..]);
    }
}
