using System.Collections.Concurrent;

namespace IsoCatalog.Swarm.Peers;

/// <summary>What peers did, in numbers, and who is not spoken to for a while. Thread-safe.</summary>
internal sealed class PeerLedger(TimeProvider clock, TimeSpan banTime)
{
    // An attacker has many addresses; what is remembered of them is bounded.
    private const int MaxBans = 10_000;
    private const int MaxNames = 1_000;
    private const int MaxFailedGreetings = 8;

    private readonly ConcurrentDictionary<string, (CutReason Reason, DateTimeOffset Until)> _bans = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _corrupt = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<CutReason, long> _cuts = new();
    private readonly ConcurrentDictionary<CutReason, long> _banned = new();
    private readonly ConcurrentDictionary<string, int> _failedGreetings = new(StringComparer.Ordinal);
    private long _wasted;

    public RateMeter Received { get; } = new();

    public RateMeter Sent { get; } = new();

    public void Wasted(long bytes) => Interlocked.Add(ref _wasted, bytes);

    public void Cut(CutReason reason) => _cuts.AddOrUpdate(reason, 1, static (_, count) => count + 1);

    public void Corrupt(string identity, int leaves) =>
        _corrupt.AddOrUpdate(_corrupt.Count < MaxNames ? identity : "others", leaves, (_, count) => count + leaves);

    /// <summary>What came from this address was no handshake. True when that happened too often, and nothing else in between.</summary>
    public bool FailedGreeting(string address)
    {
        if (_failedGreetings.Count >= MaxBans)
        {
            _failedGreetings.Clear();
        }

        return _failedGreetings.AddOrUpdate(address, 1, static (_, count) => count + 1) >= MaxFailedGreetings
            && _failedGreetings.TryRemove(address, out _);
    }

    public void Greeted(string address) => _failedGreetings.TryRemove(address, out _);

    /// <param name="alias">Another name under which the same peer is known.</param>
    public void Ban(string key, CutReason reason, string? alias = null)
    {
        var now = clock.GetUtcNow();
        if (_bans.Count >= MaxBans)
        {
            foreach (var (old, ban) in _bans)
            {
                if (ban.Until <= now)
                {
                    _bans.TryRemove(old, out _);
                }
            }
        }

        if (_bans.Count < MaxBans)
        {
            _bans[key] = (reason, now + banTime);
            _bans[alias ?? key] = (reason, now + banTime);
        }

        _banned.AddOrUpdate(reason, 1, static (_, count) => count + 1);
    }

    /// <summary>Why and until when a peer is not spoken to; null when it may be.</summary>
    public (CutReason Reason, DateTimeOffset Until)? BanOf(string key) =>
        _bans.TryGetValue(key, out var ban) && ban.Until - clock.GetUtcNow() is var left && left > TimeSpan.Zero && left <= banTime ? ban : null;

    public SwarmCounters Counters() => new(
        Received.Total,
        Sent.Total,
        Interlocked.Read(ref _wasted),
        new Dictionary<string, long>(_corrupt, StringComparer.Ordinal),
        new Dictionary<CutReason, long>(_cuts),
        new Dictionary<CutReason, long>(_banned));
}
