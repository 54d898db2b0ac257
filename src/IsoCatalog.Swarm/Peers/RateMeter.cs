namespace IsoCatalog.Swarm.Peers;

/// <summary>Counts bytes and says how many a second came over the last few. Any thread adds; one thread ticks.</summary>
internal sealed class RateMeter
{
    private const double Memory = 2;

    private long _total;
    private long _atTick;
    private double _rate;

    public long Total => Volatile.Read(ref _total);

    /// <summary>Bytes a second.</summary>
    public double Rate => Volatile.Read(ref _rate);

    public void Add(long bytes) => Interlocked.Add(ref _total, bytes);

    public void Tick(TimeSpan elapsed)
    {
        var total = Total;
        var now = (total - _atTick) / Math.Max(elapsed.TotalSeconds, 0.001);
        var weight = Math.Min(1, elapsed.TotalSeconds / Memory);
        Volatile.Write(ref _rate, _rate == 0 ? now : _rate + (now - _rate) * weight);
        _atTick = total;
    }
}
