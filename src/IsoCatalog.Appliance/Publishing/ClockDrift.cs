using System.Globalization;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Which clocks are not believed, which are far from the others, and who stamped what is from the future. Pure.</summary>
internal static class ClockDrift
{
    /// <param name="peers">How this site reaches the others, and what their clocks said.</param>
    /// <param name="documents">The clocks of the documents that count or wait.</param>
    /// <param name="clock">What this site makes of the clocks.</param>
    /// <param name="now">The time that this site goes by.</param>
    /// <param name="most">How far off a clock may be.</param>
    public static IEnumerable<Found> Of(
        IReadOnlyList<PeerStatus> peers, IEnumerable<DocumentClock> documents, ClockReading clock, DateTimeOffset now, TimeSpan most)
    {
        if (clock.Doubt is { } doubt)
        {
            yield return new Found(new DriftView(RefusalCode.ClockImplausible, doubt, null, null, now));
        }

        foreach (var peer in peers)
        {
            if (peer.ClockOffset is { } offset && offset.Duration() < DateTimeOffset.MaxValue - now && (now + offset - clock.Reference) is var off && off.Duration() > most)
            {
                yield return new Found(new DriftView(
                    RefusalCode.ClockImplausible,
                    $"The clock of {peer.Site} says {Text(now + offset)} UTC, {off.Duration().TotalSeconds:N0} s {(off < TimeSpan.Zero ? "behind" : "ahead of")} the time that this site goes by "
                    + $"({Text(clock.Reference)}). What it signs that is from too far in the future waits here until its time comes; removals and recalls do not. Set right the one that is wrong: NTP "
                    + "(timedatectl).",
                    null,
                    null,
                    now,
                    peer.Site));
            }
        }

        foreach (var ahead in documents.Where(d => clock.Doubt is null && d.Clock > clock.Reference + most).GroupBy(d => d.Site, StringComparer.Ordinal))
        {
            yield return new Found(
                new DriftView(
                    RefusalCode.ClockImplausible,
                    $"The clock of {ahead.Key} ran ahead when it signed: entries are stamped {Text(ahead.Max(d => d.Clock))} UTC. Other sites hold them back until then. If that is not soon, the holders of the "
                    + $"root keys set them aside, and what they put into the catalog is added again: isocatalog trust repair-clock {ahead.Key}.",
                    null,
                    null,
                    now,
                    ahead.Key),
                "stamps");
        }
    }

    private static string Text(DateTimeOffset moment) => moment.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
