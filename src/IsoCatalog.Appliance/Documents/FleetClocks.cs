using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Documents;

/// <summary>
/// What time it is: this machine's clock, held against monotonic time and the clocks of the sites that answered lately. A clock that was heard goes on here
/// by monotonic time, so that a jump of one's own does not carry the others along. Thread-safe.
/// </summary>
internal sealed class FleetClocks(TimeProvider time)
{
    /// <summary>A clock that was not heard of for so long does not count.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    /// <summary>A clock that is further off than this says nothing at all, and must not carry a sum out of what a date can be.</summary>
    private static readonly TimeSpan Absurd = TimeSpan.FromDays(36_500);

    private static readonly DateTimeOffset Built = DateTimeOffset.Parse(
        typeof(FleetClocks).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "BuildDate").Value!,
        System.Globalization.CultureInfo.InvariantCulture,
        System.Globalization.DateTimeStyles.AssumeUniversal);

    private readonly SiteTime _time = time as SiteTime ?? new SiteTime(time, ClockRules.Jump);
    private readonly ConcurrentDictionary<string, (DateTimeOffset Clock, long At)> _heard = new(StringComparer.Ordinal);
    private volatile bool _confirmed;

    /// <summary>Asks the other sites for their clocks, for a bounded time; whoever is out of reach has no say. Null at a site without others.</summary>
    public Func<CancellationToken, Task>? Asked { get; set; }

    /// <summary>Before something is decided that a wrong clock must not decide.</summary>
    public Task AskAsync(CancellationToken cancellationToken) => Asked?.Invoke(cancellationToken) ?? Task.CompletedTask;

    /// <param name="offset">The site's clock minus <see cref="SiteTime"/>.</param>
    public void Heard(string site, TimeSpan offset)
    {
        if (offset.Duration() < Absurd)
        {
            _heard[site] = (_time.GetUtcNow() + offset, _time.GetTimestamp());
        }
    }

    /// <summary>That site's clock minus ours, as last heard; zero when it was not heard lately.</summary>
    public TimeSpan OffsetOf(string site) => Live().TryGetValue(site, out var clock) ? clock - _time.GetUtcNow() : TimeSpan.Zero;

    /// <param name="last">The newest stamp that was admitted.</param>
    /// <param name="floors">See <see cref="ClockEvidence.Floors"/>.</param>
    /// <param name="most">How far clocks may be from each other.</param>
    public ClockReading Read(Stamp? last, ImmutableSortedDictionary<string, DateTimeOffset> floors, TimeSpan most)
    {
        var evidence = new ClockEvidence
        {
            Clock = _time.Clock,
            Steady = _time.GetUtcNow(),
            Built = Built,
            Last = last,
            Floors = floors,
            Peers = Live(),
            Most = most,
            Confirmed = _confirmed,
        };
        var reading = ClockRules.Judge(evidence);
        if (reading.Doubt is null)
        {
            if ((evidence.Clock - evidence.Steady).Duration() > ClockRules.Jump)
            {
                _time.Follow();
                _confirmed = false;
            }

            _confirmed |= evidence.Peers.Values.Any(p => (p - evidence.Clock).Duration() <= most);
        }

        return reading;
    }

    private ImmutableSortedDictionary<string, DateTimeOffset> Live()
    {
        var now = _time.GetTimestamp();
        return _heard.Select(h => (h.Key, h.Value.Clock, Age: _time.GetElapsedTime(h.Value.At, now)))
            .Where(h => h.Age < Fresh)
            .ToImmutableSortedDictionary(h => h.Key, h => h.Clock + h.Age, StringComparer.Ordinal);
    }
}
