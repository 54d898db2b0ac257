using System.Security.Cryptography;

namespace IsoCatalog.Core.Hashing;

/// <summary>Takes the 1,024 leaf digests of 16 MiB; it may write over them.</summary>
internal delegate void LeafGroupHandler(Span<byte> digests);

/// <summary>
/// Cuts bytes that arrive in any portions into leaves and hashes several at once. Leaf digests are handed out in groups
/// and forgotten, so memory does not grow with the image.
/// </summary>
internal sealed class LeafStream(LeafHasher hasher, LeafGroupHandler onGroup)
{
    public const int GroupLeaves = 1024;
    public const int GroupLevels = 10;

    private const int BatchLeaves = 16;
    private const int BatchLength = BatchLeaves * MerkleTree.LeafLength;

    private readonly byte[] _group = GC.AllocateUninitializedArray<byte>(GroupLeaves * Sha256Digest.Length);
    private byte[]? _batch;
    private int _batchLength;
    private int _groupLength;

    public void Append(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            if (_batchLength == 0 && data.Length >= BatchLength)
            {
                Hash(data[..BatchLength]);
                data = data[BatchLength..];
                continue;
            }

            _batch ??= GC.AllocateUninitializedArray<byte>(BatchLength);
            var taken = Math.Min(BatchLength - _batchLength, data.Length);
            data[..taken].CopyTo(_batch.AsSpan(_batchLength));
            _batchLength += taken;
            data = data[taken..];
            if (_batchLength == BatchLength)
            {
                Hash(_batch);
                _batchLength = 0;
            }
        }
    }

    /// <summary>Hashes what is left, and returns the digests of the last group, which is not full.</summary>
    public Span<byte> Complete()
    {
        var rest = _batch.AsSpan(0, _batchLength);
        var whole = rest.Length / MerkleTree.LeafLength * MerkleTree.LeafLength;
        Hash(rest[..whole]);
        if (rest.Length > whole)
        {
            SHA256.HashData(rest[whole..], _group.AsSpan(_groupLength));
            _groupLength += Sha256Digest.Length;
        }

        if (_groupLength == _group.Length)
        {
            onGroup(_group);
            _groupLength = 0;
        }

        return _group.AsSpan(0, _groupLength);
    }

    private void Hash(ReadOnlySpan<byte> leaves)
    {
        hasher.HashLeaves(leaves, _group.AsSpan(_groupLength));
        _groupLength += leaves.Length / MerkleTree.LeafLength * Sha256Digest.Length;
        if (_groupLength == _group.Length)
        {
            onGroup(_group);
            _groupLength = 0;
        }
    }
}
