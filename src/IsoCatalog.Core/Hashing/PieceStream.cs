using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace IsoCatalog.Core.Hashing;

/// <summary>Hashes the v1 pieces (BEP 3) of bytes that arrive in order in any portions. Not thread-safe.</summary>
internal abstract class PieceStream : IDisposable
{
    // A small image is done before the lanes are filled.
    private const long FewestBytesForLanes = 16 * 1024 * 1024;

    /// <summary>Chooses the faster way; <paramref name="pieces"/> receives 20 bytes for each piece.</summary>
    public static PieceStream Create(long size, int pieceLength, Memory<byte> pieces)
    {
        var lanes = LanePieceStream.LanesFor(pieceLength);
        return size >= FewestBytesForLanes && PieceHashing.LanesAreFaster(lanes)
            ? new LanePieceStream(pieceLength, pieces, lanes)
            : new PlatformPieceStream(pieceLength, pieces);
    }

    /// <summary>Takes the bytes; hashing them may be put off.</summary>
    public abstract void Append(ReadOnlySpan<byte> data);

    /// <summary>Does the work that was put off, so far as it is due.</summary>
    public virtual void CatchUp()
    {
    }

    /// <summary>Hashes all that is left.</summary>
    public abstract void Complete();

    public abstract void Dispose();
}

/// <summary>One piece after the other with the platform's SHA-1.</summary>
[SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "BEP 3 defines pieces so; v2 is what we verify.")]
internal sealed class PlatformPieceStream(int pieceLength, Memory<byte> pieces) : PieceStream
{
    private readonly IncrementalHash _piece = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
    private int _length;
    private int _count;

    public override void Append(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            var taken = Math.Min(pieceLength - _length, data.Length);
            _piece.AppendData(data[..taken]);
            _length += taken;
            data = data[taken..];
            if (_length == pieceLength)
            {
                Complete();
            }
        }
    }

    public override void Complete()
    {
        if (_length > 0)
        {
            _piece.GetHashAndReset(pieces.Span[(_count * Sha1Digest.Length)..]);
            (_length, _count) = (0, _count + 1);
        }
    }

    public override void Dispose() => _piece.Dispose();
}
