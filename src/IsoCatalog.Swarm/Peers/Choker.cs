namespace IsoCatalog.Swarm.Peers;

/// <summary>
/// Whom we serve: pinned peers always, standard clients as many as there are slots, in turn. One thread uses it.
/// </summary>
internal sealed class Choker(SwarmContext context)
{
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(30);

    private long _turnStarted = context.Clock.GetTimestamp();

    public void Tick(IEnumerable<PeerConnection> connections)
    {
        PeerConnection[] standard = [.. connections.Where(connection => !connection.Identity.IsPinned)];
        PeerConnection[] waiting = [.. standard.Where(connection => connection.IsInterested && connection.IsChoking)];
        foreach (var idle in standard.Where(connection => !connection.IsInterested && !connection.IsChoking))
        {
            idle.SetChoking(true);
        }

        PeerConnection[] served = [.. standard.Where(connection => !connection.IsChoking)];
        var free = context.Options.UploadSlots - served.Length;
        if (free <= 0 && waiting.Length > 0 && context.Clock.GetElapsedTime(_turnStarted) > Turn)
        {
            _turnStarted = context.Clock.GetTimestamp();
            served.MaxBy(connection => connection.Sender.Sent.Total)?.SetChoking(true);
            free++;
        }

        foreach (var next in waiting.OrderBy(connection => connection.Sender.Sent.Total).Take(Math.Max(0, free)))
        {
            next.SetChoking(false);
        }
    }
}
