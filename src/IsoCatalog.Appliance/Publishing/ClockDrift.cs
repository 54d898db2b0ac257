using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Which clocks are further from that of most sites than the trust document allows. Pure.</summary>
internal static class ClockDrift
{
    /// <param name="peers">How this site reaches the others, and what their clocks said.</param>
    /// <param name="reference">What time it is by most clocks.</param>
    /// <param name="now">This site's own clock.</param>
    /// <param name="most">How far off a clock may be.</param>
    public static IEnumerable<DriftView> Of(IReadOnlyList<PeerStatus> peers, DateTimeOffset reference, DateTimeOffset now, TimeSpan most)
    {
        if ((now - reference).Duration() > most)
        {
            yield return new DriftView(
                RefusalCode.ClockImplausible,
                $"The clock of this machine says {now:yyyy-MM-dd HH:mm:ss} UTC, most sites say {reference:yyyy-MM-dd HH:mm:ss}. Nothing is signed here until it is right: check NTP "
                + "(timedatectl).",
                null,
                null,
                now);
        }

        foreach (var peer in peers)
        {
            if (peer.ClockOffset is { } offset && (now + offset - reference) is var off && off.Duration() > most)
            {
                yield return new DriftView(
                    RefusalCode.ClockImplausible,
                    $"The clock of {peer.Site} is {off.Duration().TotalSeconds:N0} s {(off < TimeSpan.Zero ? "behind" : "ahead of")} that of most sites. It signs nothing meanwhile; what it "
                    + "signed before that is from too far in the future waits here until its time comes. Check NTP there (timedatectl).",
                    null,
                    null,
                    now,
                    peer.Site);
            }
        }
    }
}
