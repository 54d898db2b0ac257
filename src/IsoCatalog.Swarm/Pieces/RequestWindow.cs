namespace IsoCatalog.Swarm.Pieces;

/// <summary>
/// How much may be asked for ahead on one connection: the highest rate of the last samples times twice the shortest round trip, and a little
/// more, so that it grows until the path is full. The idea is that of BBR (draft-cardwell-iccrg-bbr-congestion-control). Thread-safe.
/// </summary>
internal sealed class RequestWindow(TimeProvider clock, int max)
{
    public const int Initial = 4 * 1024 * 1024;

    private const int Floor = 256 * 1024;
    private const int Samples = 12;

    // What a busy machine takes to answer, on top of the path; and what the rate is multiplied with on a path of no length.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan ShortestSample = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly double[] _rates = new double[Samples];
    private int _next;
    private long _sampleStart = clock.GetTimestamp();
    private long _sampleBytes;
    private long _probeStart;
    private int _probePiece = -1;
    private int _probeBlock;
    private long _minRoundTrip;
    private long _rate;
    private int _bytes = Math.Min(Initial, max);

    /// <summary>Bytes that may be in flight.</summary>
    public int Bytes => Volatile.Read(ref _bytes);

    /// <summary>Zero until the first block came.</summary>
    public TimeSpan RoundTrip => new(Volatile.Read(ref _minRoundTrip));

    /// <summary>The highest recent rate, bytes a second; zero until the first sample.</summary>
    public double Rate => Volatile.Read(ref _rate);

    /// <summary>Blocks are asked for now; one of them may be used to measure the round trip.</summary>
    public void Asked(int piece, int block)
    {
        lock (_gate)
        {
            if (_probePiece < 0)
            {
                (_probePiece, _probeBlock, _probeStart) = (piece, block, clock.GetTimestamp());
            }
        }
    }

    /// <summary>What was asked for will not come.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _probePiece = -1;
        }
    }

    public void Arrived(int piece, int block, int length)
    {
        lock (_gate)
        {
            _sampleBytes += length;
            if (piece == _probePiece && block == _probeBlock)
            {
                var trip = Math.Max(1, clock.GetElapsedTime(_probeStart).Ticks);
                Volatile.Write(ref _minRoundTrip, _minRoundTrip == 0 ? trip : Math.Min(_minRoundTrip, trip));
                _probePiece = -1;
            }
        }
    }

    /// <summary>After each portion that arrived. A connection that was idle starts a new sample instead of a slow one.</summary>
    public void Update(bool wasIdle)
    {
        lock (_gate)
        {
            Update_NeedsLock(wasIdle);
        }
    }

    private void Update_NeedsLock(bool wasIdle)
    {
        var elapsed = clock.GetElapsedTime(_sampleStart);
        if (wasIdle)
        {
            (_sampleStart, _sampleBytes) = (clock.GetTimestamp(), 0);
            return;
        }

        var shortest = RoundTrip > ShortestSample ? RoundTrip : ShortestSample;
        if (elapsed < shortest)
        {
            return;
        }

        _rates[_next++ % Samples] = _sampleBytes / elapsed.TotalSeconds;
        (_sampleStart, _sampleBytes) = (clock.GetTimestamp(), 0);
        var rate = _rates.Max();
        Volatile.Write(ref _rate, (long)rate);
        var ahead = rate * (2 * RoundTrip + Slack).TotalSeconds;

        // Two seconds' worth on a slow path, so that an upload limit that is served in portions does not starve it.
        var floor = Math.Clamp(2 * rate, Floor, Initial / 2);
        Volatile.Write(ref _bytes, (int)Math.Clamp(ahead, Math.Min(floor, max), max));
    }
}
