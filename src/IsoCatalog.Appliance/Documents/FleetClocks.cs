using System.Collections.Concurrent;

namespace IsoCatalog.Appliance.Documents;

/// <summary>
/// What time it is, as the fleet has it: the lower median of the clocks of all sites that answered lately, this one's included, so that one wrong clock moves
/// nothing. Thread-safe.
/// </summary>
internal sealed class FleetClocks(TimeProvider time)
{
    /// <summary>A clock that was not heard of for so long does not count.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, (TimeSpan Offset, long At)> _offsets = new(StringComparer.Ordinal);

    /// <param name="offset">The site's clock minus ours.</param>
    public void Heard(string site, TimeSpan offset) => _offsets[site] = (offset, time.GetTimestamp());

    /// <summary>That site's clock minus ours, as last heard; zero when it was not heard lately.</summary>
    public TimeSpan OffsetOf(string site) =>
        _offsets.TryGetValue(site, out var heard) && time.GetElapsedTime(heard.At) < Fresh ? heard.Offset : TimeSpan.Zero;

    public DateTimeOffset Reference()
    {
        var now = time.GetUtcNow();
        List<TimeSpan> offsets = [TimeSpan.Zero, .. _offsets.Values.Where(o => time.GetElapsedTime(o.At) < Fresh).Select(o => o.Offset)];
        offsets.Sort();
        var median = offsets[(offsets.Count - 1) / 2];

        // An absurd clock must not carry the sum out of what a date can be.
        return median.Duration() > TimeSpan.FromDays(36_500) ? now : now + median;
    }
}
