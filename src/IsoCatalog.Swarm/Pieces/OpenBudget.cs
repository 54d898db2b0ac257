namespace IsoCatalog.Swarm.Pieces;

/// <summary>Bytes of pieces that may be open at the same time, over all transfers. Thread-safe.</summary>
internal sealed class OpenBudget(long max)
{
    private long _open;

    /// <param name="atLeast">Take it even above the limit: without one open piece a transfer would never go on.</param>
    public bool TryTake(int length, bool atLeast)
    {
        if (Interlocked.Add(ref _open, length) <= max || atLeast)
        {
            return true;
        }

        Interlocked.Add(ref _open, -length);
        return false;
    }

    public void Free(int length) => Interlocked.Add(ref _open, -length);
}
