using System.Numerics;
using System.Security.Cryptography;

namespace IsoCatalog.Core.Hashing;

/// <summary>
/// Computes everything in <see cref="ImageDigests"/> from one read of an image whose size is known. Not thread-safe; one image each.
/// </summary>
public sealed class ImageHasher : IDisposable
{
    private readonly LeafHasher _hasher = LeafHasher.Current;
    private readonly IncrementalHash _flat = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _piece = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
    private readonly LeafStream _leaves;
    private readonly byte[] _layer;
    private readonly byte[] _v1;
    private readonly int _pieceLength;
    private readonly int _pieceLevel;
    private readonly long _size;
    private long _appended;
    private int _layerLength;
    private bool _completed;

    /// <param name="size">Bytes that will be appended; the piece length follows from it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative, or beyond what 2^26 pieces hold (1 PiB).</exception>
    public ImageHasher(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 1L << 50);
        _size = size;
        _pieceLength = PieceLength.For(size);
        _pieceLevel = BitOperations.Log2((uint)(_pieceLength / MerkleTree.LeafLength));
        var pieces = (size + _pieceLength - 1) / _pieceLength;
        _layer = new byte[pieces > 1 ? pieces * Sha256Digest.Length : 0];
        _v1 = new byte[pieces * Sha1Digest.Length];
        _leaves = new LeafStream(_hasher, AppendLayer);
    }

    /// <summary>Takes the next bytes, any number of them; they may be reused when this returns.</summary>
    /// <exception cref="InvalidOperationException">More bytes than the size, or the digests were already taken.</exception>
    public void Append(ReadOnlySpan<byte> data)
    {
        if (_completed || data.Length > _size - _appended)
        {
            throw new InvalidOperationException(_completed
                ? "The digests of this image were already taken; use a new ImageHasher."
                : $"The image was to have {_size} bytes, and more arrived.");
        }

        _flat.AppendData(data);
        _leaves.Append(data);
        while (data.Length > 0)
        {
            var taken = (int)Math.Min(_pieceLength - _appended % _pieceLength, data.Length);
            _piece.AppendData(data[..taken]);
            _appended += taken;
            data = data[taken..];
            if (_appended % _pieceLength == 0 || _appended == _size)
            {
                _piece.GetHashAndReset(_v1.AsSpan((int)((_appended - 1) / _pieceLength) * Sha1Digest.Length));
            }
        }
    }

    /// <exception cref="InvalidOperationException">The bytes appended are fewer than the size, or the digests were already taken.</exception>
    public ImageDigests Complete()
    {
        if (_completed || _appended != _size)
        {
            throw new InvalidOperationException(_completed
                ? "The digests of this image were already taken; use a new ImageHasher."
                : $"The image was to have {_size} bytes, and only {_appended} arrived.");
        }

        _completed = true;
        var last = _leaves.Complete();
        Sha256Digest root;
        if (_layer.Length == 0)
        {
            root = MerkleTree.Root(last, 0, _hasher);
        }
        else
        {
            AppendLayer(WholePieces(last));
            root = MerkleTree.Root(_layer, _pieceLevel, _hasher);
        }

        return new ImageDigests(_size, new Sha256Digest(_flat.GetHashAndReset()), root, _pieceLength, _layer, _v1);
    }

    public void Dispose()
    {
        _flat.Dispose();
        _piece.Dispose();
    }

    private Span<byte> WholePieces(ReadOnlySpan<byte> leaves)
    {
        var piece = Sha256Digest.Length << _pieceLevel;
        var whole = new byte[(leaves.Length + piece - 1) / piece * piece];
        leaves.CopyTo(whole);
        return whole;
    }

    private void AppendLayer(Span<byte> leaves)
    {
        var pieces = MerkleTree.Reduce(leaves, _pieceLevel, _hasher);
        pieces.CopyTo(_layer.AsSpan(_layerLength));
        _layerLength += pieces.Length;
    }
}
