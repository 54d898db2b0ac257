namespace IsoCatalog.Swarm.Peers;

/// <summary>
/// A limit in bytes a second that all connections share. Whoever used bytes waits until they are paid for, in turn; the rate may change
/// while somebody waits. Thread-safe.
/// </summary>
internal sealed class TokenBucket(TimeProvider clock) : IDisposable
{
    // Unused time is not saved up: no burst above the rate is longer than this.
    private const double BurstSeconds = 0.05;
    private static readonly TimeSpan LongestNap = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private long _rate;
    private double _tokens;
    private long _filled = clock.GetTimestamp();

    /// <summary>Bytes a second; 0 is no limit.</summary>
    public long Rate
    {
        get => Volatile.Read(ref _rate);
        set
        {
            lock (_gate)
            {
                Fill_NeedsLock();
                Volatile.Write(ref _rate, Math.Max(0, value));
                _tokens = Math.Min(_tokens, 0);
            }
        }
    }

    /// <summary>The most that should be sent or read at once, so that a slow rate is even.</summary>
    public int Portion(int most) => Rate is > 0 and var rate ? (int)Math.Clamp(rate / 20, Math.Min(most, 16 * 1024), most) : most;

    /// <summary>Takes tokens for bytes, and returns when the debt is paid.</summary>
    public ValueTask TakeAsync(int bytes, CancellationToken cancellationToken) => Rate == 0 ? default : WaitAsync(bytes, cancellationToken);

    public void Dispose() => _turn.Dispose();

    private async ValueTask WaitAsync(int bytes, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var nap = Debt(bytes);
            while (nap > TimeSpan.Zero)
            {
                await Task.Delay(nap < LongestNap ? nap : LongestNap, clock, cancellationToken);
                nap = Debt(0);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private TimeSpan Debt(int bytes)
    {
        lock (_gate)
        {
            Fill_NeedsLock();
            _tokens -= bytes;
            return _rate == 0 || _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / _rate) + TimeSpan.FromMilliseconds(1);
        }
    }

    private void Fill_NeedsLock()
    {
        var now = clock.GetTimestamp();
        _tokens = Math.Min(_tokens + clock.GetElapsedTime(_filled, now).TotalSeconds * _rate, BurstSeconds * _rate);
        _filled = now;
    }
}
