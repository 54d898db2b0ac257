using System.Collections.Concurrent;

namespace IsoCatalog.Swarm.Storage;

/// <summary>Work that one thread at a time does, whoever brings it: who finds another at it leaves his there and goes on. Nothing is left lying. Thread-safe.</summary>
internal sealed class OneAtATime<T>
{
    private readonly ConcurrentQueue<T> _waiting = new();
    private int _busy;

    public int Waiting => _waiting.Count;

    /// <returns>True when nobody is at work: then the caller has it done by <see cref="Work"/>.</returns>
    public bool Add(T item)
    {
        _waiting.Enqueue(item);
        return TryBegin();
    }

    /// <summary>To be called by whoever was told so. What the work throws goes on; what waits then is done with the next.</summary>
    public void Work(Action<T> work)
    {
        do
        {
            try
            {
                while (_waiting.TryDequeue(out var item))
                {
                    work(item);
                }
            }
            finally
            {
                // A full fence. A plain write may become visible after the look at the queue that follows it (x86 too reorders a store and a later load): then who adds
                // meanwhile still sees somebody at work, who in turn saw an empty queue.
                Interlocked.Exchange(ref _busy, 0);
            }
        }
        while (!_waiting.IsEmpty && TryBegin());
    }

    private bool TryBegin() => Interlocked.Exchange(ref _busy, 1) == 0;
}
