namespace IsoCatalog.Appliance.Fleet;

/// <summary>So many requests at once, and one more each so often. Thread-safe.</summary>
internal sealed class RequestBudget(int burst, TimeSpan refill, TimeProvider time)
{
    private readonly Lock _gate = new();
    private double _left = burst;
    private long _last = time.GetTimestamp();

    /// <summary>Nothing was taken for so long that it is as if it were new.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate)
            {
                return _left + (time.GetElapsedTime(_last) / refill) >= burst;
            }
        }
    }

    public bool TryTake()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            _left = Math.Min(burst, _left + (time.GetElapsedTime(_last, now) / refill));
            _last = now;
            if (_left < 1)
            {
                return false;
            }

            _left--;
            return true;
        }
    }
}
