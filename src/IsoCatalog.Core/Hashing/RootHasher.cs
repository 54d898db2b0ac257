using System.Numerics;

namespace IsoCatalog.Core.Hashing;

/// <summary>
/// Computes the v2 <c>pieces root</c> (BEP 52) of bytes that are read back; their number need not be known beforehand.
/// Memory is bounded (about 300 KiB). Not thread-safe; one image each.
/// </summary>
public sealed class RootHasher : IDisposable
{
    private readonly LeafHasher _hasher = LeafHasher.Current;
    private readonly LeafStream _leaves;
    private readonly byte[] _pair = new byte[2 * Sha256Digest.Length];

    // Entry k is the root of 2^k groups, present when bit k of the count is set.
    private readonly Sha256Digest[] _waiting = new Sha256Digest[41];
    private long _groups;
    private bool _completed;

    public RootHasher() => _leaves = new LeafStream(_hasher, digests =>
        Push(new Sha256Digest(MerkleTree.Reduce(digests, LeafStream.GroupLevels, _hasher))));

    /// <exception cref="InvalidOperationException">The root was already taken.</exception>
    public void Append(ReadOnlySpan<byte> data)
    {
        ThrowIfCompleted();
        _leaves.Append(data);
    }

    /// <returns>The root; <see cref="MerkleTree.EmptyRoot"/> when nothing was appended.</returns>
    /// <exception cref="InvalidOperationException">The root was already taken.</exception>
    public Sha256Digest Complete()
    {
        ThrowIfCompleted();
        _completed = true;
        var last = _leaves.Complete();
        if (_groups == 0)
        {
            return MerkleTree.Root(last, 0, _hasher);
        }

        if (last.Length > 0)
        {
            Push(MerkleTree.Root(FullGroup(last), 0, _hasher));
        }

        // Groups are absent up to the next power of two; each absent one is a padding node.
        for (var level = BitOperations.TrailingZeroCount(_groups); !BitOperations.IsPow2(_groups); level = BitOperations.TrailingZeroCount(_groups))
        {
            Push(new Sha256Digest(MerkleTree.PaddingNode(LeafStream.GroupLevels + level)), level);
        }

        return _waiting[BitOperations.TrailingZeroCount(_groups)];
    }

    public void Dispose()
    {
        // Nothing is held but memory today; callers use `using` so that this may change.
    }

    private static byte[] FullGroup(ReadOnlySpan<byte> digests)
    {
        var group = new byte[LeafStream.GroupLeaves * Sha256Digest.Length];
        digests.CopyTo(group);
        return group;
    }

    private void Push(Sha256Digest node, int level = 0)
    {
        _groups += 1L << level;
        for (; (_groups >> level & 1) == 0; level++)
        {
            _waiting[level].CopyTo(_pair);
            node.CopyTo(_pair.AsSpan(Sha256Digest.Length));
            _hasher.HashPairs(_pair, _pair);
            node = new Sha256Digest(_pair.AsSpan(0, Sha256Digest.Length));
        }

        _waiting[level] = node;
    }

    private void ThrowIfCompleted()
    {
        if (_completed)
        {
            throw new InvalidOperationException("The root of this image was already taken; use a new RootHasher.");
        }
    }
}
