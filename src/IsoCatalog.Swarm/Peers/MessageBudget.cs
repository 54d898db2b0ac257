namespace IsoCatalog.Swarm.Peers;

/// <summary>How many messages other than blocks and requests a peer may send: a burst, and then so many a second. One thread uses it.</summary>
internal sealed class MessageBudget(TimeProvider clock, int pieces)
{
    private const double PerSecond = 5_000;

    // Each piece may be announced once, however fast the peer gets them.
    private readonly double _burst = 20_000 + pieces;
    private double _left = 20_000 + pieces;
    private long _filled = clock.GetTimestamp();

    public bool TrySpend()
    {
        if (_left < 1)
        {
            var now = clock.GetTimestamp();
            _left = Math.Min(_burst, _left + clock.GetElapsedTime(_filled, now).TotalSeconds * PerSecond);
            _filled = now;
        }

        return --_left >= 0;
    }
}
