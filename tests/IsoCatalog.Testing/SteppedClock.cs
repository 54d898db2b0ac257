namespace IsoCatalog.Testing;

/// <summary>The clock of a machine that somebody sets: time passes as it does, and the clock alone is somewhere else. Thread-safe.</summary>
public sealed class SteppedClock : TimeProvider
{
    private long _off;

    /// <summary>How far ahead it is.</summary>
    public TimeSpan Off
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _off));
        set => Interlocked.Exchange(ref _off, value.Ticks);
    }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Off;

    public override long TimestampFrequency => System.TimestampFrequency;

    public override long GetTimestamp() => System.GetTimestamp();
}
