using System.Diagnostics;

namespace IsoCatalog.Appliance.Store;

/// <summary>
/// Gives memory back to the machine after a busy time. The runtime keeps what a burst needed until enough is allocated again for it to look, which at a site that
/// nobody asks anything may be never. Not thread-safe.
/// </summary>
internal sealed class IdleMemory
{
    /// <summary>Less is not worth a pause of all threads.</summary>
    public const long Worth = 64 << 20;

    /// <summary>A site that is this busy, of one processor, will use the memory again.</summary>
    public const double Idle = 0.1;

    private long _kept;
    private TimeSpan _used = Environment.CpuUsage.TotalTime;
    private long _looked = Stopwatch.GetTimestamp();

    /// <param name="committed">Bytes of the managed heap that the machine lent.</param>
    /// <param name="kept">What of them remained the last time that the heap was made small; 0 before.</param>
    /// <param name="busy">Processor time since the last look, over the time.</param>
    public static bool IsDue(long committed, long kept, double busy) => busy < Idle && committed - kept > Worth;

    /// <summary>To be called now and then.</summary>
    public void Look()
    {
        var (used, now) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        var busy = (used - _used) / Stopwatch.GetElapsedTime(_looked, now);
        (_used, _looked) = (used, now);
        if (IsDue(GC.GetGCMemoryInfo().TotalCommittedBytes, _kept, busy))
        {
            // Nothing else takes memory back from all generations at once.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _kept = GC.GetGCMemoryInfo().TotalCommittedBytes;
        }
    }
}
