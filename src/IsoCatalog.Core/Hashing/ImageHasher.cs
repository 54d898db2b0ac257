using System.Numerics;
using System.Security.Cryptography;

namespace IsoCatalog.Core.Hashing;

/// <summary>
/// Computes everything in <see cref="ImageDigests"/> from one read of an image whose size is known. Not thread-safe; one image each.
/// Where there is a second core, the flat SHA-256 runs on the caller's and the rest on a thread of this hasher, as soon as a block of
/// at least 128 KiB is appended; blocks of 1 to 4 MiB serve best. Holds up to 68 MiB, most of it v1 pieces that are hashed together.
/// </summary>
public sealed class ImageHasher : IDisposable
{
    /// <summary>16 TiB: with it the piece layer and the v1 list take 52 MiB.</summary>
    public const long MaxSize = 1L << 44;

    private const int FewestBytesToShare = 128 * 1024;

    private readonly LeafHasher _hasher = LeafHasher.Current;
    private readonly IncrementalHash _flat = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly PieceStream _pieces;
    private readonly LeafStream _leaves;
    private readonly byte[] _layer;
    private readonly byte[] _v1;
    private readonly int _pieceLength;
    private readonly int _pieceLevel;
    private readonly long _size;
    private BlockThread? _secondCore;
    private long _appended;
    private int _layerLength;
    private bool _completed;

    /// <param name="size">Bytes that will be appended; the piece length follows from it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative or above 16 TiB.</exception>
    public ImageHasher(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MaxSize);
        _size = size;
        _pieceLength = PieceLength.For(size);
        _pieceLevel = BitOperations.Log2((uint)(_pieceLength / MerkleTree.LeafLength));
        var pieces = (size + _pieceLength - 1) / _pieceLength;
        _layer = new byte[pieces > 1 ? pieces * Sha256Digest.Length : 0];
        _v1 = new byte[pieces * Sha1Digest.Length];
        _leaves = new LeafStream(_hasher, AppendLayer);
        _pieces = PieceStream.Create(size, _pieceLength, _v1);
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

        _appended += data.Length;
        if (_secondCore is null && data.Length >= FewestBytesToShare && Environment.ProcessorCount > 1)
        {
            _secondCore = new BlockThread(AppendToTree, _pieces.CatchUp);
        }

        if (_secondCore is null)
        {
            _flat.AppendData(data);
            AppendToTree(data);
            _pieces.CatchUp();
        }
        else
        {
            Share(data, _secondCore);
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
        _secondCore?.Finish();
        _pieces.Complete();
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
        _secondCore?.Dispose();
        _flat.Dispose();
        _pieces.Dispose();
    }

    private unsafe void Share(ReadOnlySpan<byte> data, BlockThread secondCore)
    {
        fixed (byte* first = data)
        {
            secondCore.Lend(first, data.Length);
            try
            {
                _flat.AppendData(data);
            }
            finally
            {
                secondCore.TakeBack();
            }
        }
    }

    private void AppendToTree(ReadOnlySpan<byte> data)
    {
        _leaves.Append(data);
        _pieces.Append(data);
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
