using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Something that is not as it should be.</summary>
/// <param name="Subject">What it is about, where code, surface, image and site leave that open: a path, a rule.</param>
internal readonly record struct Found(DriftView Drift, string? Subject = null);

/// <summary>
/// Since when each drift that stands was seen. Whoever finds one may know that better and says it the first time; from then on it does not move, however
/// often the thing fails anew, or is found again by a look that knows only the present. Thread-safe.
/// </summary>
internal sealed class DriftTimes
{
    /// <summary>What is back within this has never ended: while a step that failed is tried again, nothing is wrong with it for a moment.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private Dictionary<Identity, Sighting> _seen = [];

    /// <param name="found">All that stands now; what is not among it any more is forgotten after <see cref="Grace"/>.</param>
    public IReadOnlyList<DriftView> Settle(IEnumerable<Found> found, DateTimeOffset now)
    {
        lock (_gate)
        {
            // Two of the same are told apart by nothing, so they have begun together.
            var seen = _seen.Where(s => (now - s.Value.Last).Duration() <= Grace).ToDictionary();
            var settled = new List<DriftView>();
            foreach (var (drift, subject) in found)
            {
                var identity = new Identity(drift.Code, drift.Surface, drift.Image, drift.Site, subject);
                var since = seen.TryGetValue(identity, out var before) ? before.Since : drift.Since;
                since = since < now ? since : now;
                seen[identity] = new Sighting(since, now);
                settled.Add(drift.Since == since ? drift : drift with { Since = since });
            }

            _seen = seen;
            return settled;
        }
    }

    private readonly record struct Identity(string Code, string? Surface, ImageId? Image, string? Site, string? Subject);

    private readonly record struct Sighting(DateTimeOffset Since, DateTimeOffset Last);
}
