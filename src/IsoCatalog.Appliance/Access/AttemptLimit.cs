using System.Net;
using IsoCatalog.Core.Connections;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Access;

/// <summary>
/// Slows down who tries token after token: an address (an IPv6 /64) has ten wrong tokens, and one more each six seconds. A right one is
/// asked for nothing here. A wrong token that comes again is no new attempt. Thread-safe; at most
/// <see cref="MaxAddresses"/> addresses are remembered, the one heard of longest ago is forgotten first.
/// </summary>
internal sealed class AttemptLimit(TimeProvider time)
{
    public const int MaxAddresses = 4096;
    public const int Burst = 10;
    public static readonly TimeSpan Refill = TimeSpan.FromSeconds(6);

    private const int RememberedTokens = 4;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, Attempts> _byAddress = [];

    public int Remembered
    {
        get
        {
            lock (_lock)
            {
                return _byAddress.Count;
            }
        }
    }

    /// <returns>How long this address must wait before its next token is looked at; zero when it need not.</returns>
    public TimeSpan WaitOf(IPAddress address)
    {
        lock (_lock)
        {
            return _byAddress.TryGetValue(HostAddress.HolderOf(address), out var attempts) && attempts.Left(time.GetTimestamp(), time) < 1
                ? Refill
                : TimeSpan.Zero;
        }
    }

    public void Count(IPAddress address, Sha256Digest wrongToken)
    {
        lock (_lock)
        {
            var key = HostAddress.HolderOf(address);
            var now = time.GetTimestamp();
            if (!_byAddress.TryGetValue(key, out var attempts))
            {
                MakeRoom_NeedsLock();
                _byAddress.Add(key, attempts = new Attempts(now));
            }

            attempts.Take(wrongToken, now, time);
        }
    }

    private void MakeRoom_NeedsLock()
    {
        if (_byAddress.Count >= MaxAddresses)
        {
            _byAddress.Remove(_byAddress.MinBy(pair => pair.Value.LastSeen).Key);
        }
    }

    private sealed class Attempts(long now)
    {
        private readonly Sha256Digest[] _wrong = new Sha256Digest[RememberedTokens];
        private double _left = Burst;
        private int _next;

        public long LastSeen { get; private set; } = now;

        public double Left(long now, TimeProvider time) => Math.Min(Burst, _left + (time.GetElapsedTime(LastSeen, now) / Refill));

        public void Take(Sha256Digest wrongToken, long now, TimeProvider time)
        {
            _left = Left(now, time);
            LastSeen = now;
            if (!_wrong.AsSpan().Contains(wrongToken))
            {
                _wrong[_next++ % RememberedTokens] = wrongToken;
                _left = Math.Max(0, _left - 1);
            }
        }
    }
}
