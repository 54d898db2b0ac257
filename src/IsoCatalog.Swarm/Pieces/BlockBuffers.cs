using System.Collections.Concurrent;

namespace IsoCatalog.Swarm.Pieces;

/// <summary>Buffers for the words of the pieces of one image, used again and again, the last one first: it is still in the cache. What is not in use goes with the transfer. Thread-safe.</summary>
internal sealed class BlockBuffers(int length)
{
    private readonly ConcurrentStack<byte[]> _free = [];

    public int Length => length;

    public byte[] Rent() => _free.TryPop(out var bytes) ? bytes : GC.AllocateUninitializedArray<byte>(length);

    public void Return(byte[] bytes) => _free.Push(bytes);

    /// <summary>Lets go of what is not in use.</summary>
    public void Clear() => _free.Clear();
}
