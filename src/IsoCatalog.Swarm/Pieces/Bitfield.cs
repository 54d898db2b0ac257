using System.Numerics;

namespace IsoCatalog.Swarm.Pieces;

/// <summary>Which pieces somebody has, as BEP 3 writes it: the first piece is the highest bit. One thread changes it; others may read.</summary>
internal sealed class Bitfield(int length)
{
    private readonly byte[] _bytes = new byte[(length + 7) / 8];
    private int _count;

    public int Length => length;

    public int ByteLength => _bytes.Length;

    /// <summary>Pieces that are there.</summary>
    public int Count => Volatile.Read(ref _count);

    public bool IsFull => Count == length;

    public bool this[int index] => (Volatile.Read(ref _bytes[index >> 3]) & (0x80 >> (index & 7))) != 0;

    /// <summary>False when it was there already.</summary>
    public bool Set(int index)
    {
        if (this[index])
        {
            return false;
        }

        Volatile.Write(ref _bytes[index >> 3], (byte)(_bytes[index >> 3] | (0x80 >> (index & 7))));
        Volatile.Write(ref _count, _count + 1);
        return true;
    }

    public void SetAll()
    {
        for (var i = 0; i < length; i++)
        {
            Set(i);
        }
    }

    /// <summary>Takes over all bits; false, and nothing is changed, when their number is another or a spare bit is set.</summary>
    public bool TryCopyFrom(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != _bytes.Length || (length % 8 != 0 && (bytes[^1] & (0xFF >> (length % 8))) != 0))
        {
            return false;
        }

        bytes.CopyTo(_bytes);
        var count = 0;
        foreach (var b in bytes)
        {
            count += BitOperations.PopCount(b);
        }

        Volatile.Write(ref _count, count);
        return true;
    }

    public void CopyTo(Span<byte> bytes) => _bytes.CopyTo(bytes);
}
