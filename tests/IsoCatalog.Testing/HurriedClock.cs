namespace IsoCatalog.Testing;

/// <summary>Time that passes so many times as fast, its timers with it: what a real site does after a quarter of an hour, it does within a test. For sites in the
/// tests' process that are to have the same clock, one for all of them. Thread-safe.</summary>
public sealed class HurriedClock(int times) : TimeProvider
{
    private readonly DateTimeOffset _began = System.GetUtcNow();
    private readonly long _at = System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _began + GetElapsedTime(_at, GetTimestamp());

    public override long GetTimestamp() => _at + ((System.GetTimestamp() - _at) * times);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Shorter(dueTime), Shorter(period));

    private TimeSpan Shorter(TimeSpan wait) => wait > TimeSpan.Zero ? wait / times : wait;
}
