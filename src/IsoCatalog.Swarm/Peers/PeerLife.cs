namespace IsoCatalog.Swarm.Peers;

/// <summary>Runs a connection, and draws the consequences of how it ended.</summary>
internal static class PeerLife
{
    public static async Task<(CutReason Reason, string? Message)> RunAsync(SwarmContext context, PeerConnection connection, CancellationToken ending)
    {
        var (name, root) = (connection.Identity.Name, connection.Swarm.Torrent.Root);
        context.Report(SwarmEventKind.Connection, $"{(connection.Outgoing ? "Connected to" : "Let in")} {name} ({connection.Identity.Address}).", name, root);
        var (reason, message) = await connection.RunAsync(ending);
        context.Ledger.Cut(reason);
        if (reason > CutReason.Corrupt)
        {
            context.Ledger.Ban(connection.Identity.IsPinned ? connection.Swarm.BanKey(name) : name, reason, connection.Identity.Host);
        }

        var kind = reason is CutReason.Closed or CutReason.Finished or CutReason.Stopped ? SwarmEventKind.Connection : SwarmEventKind.Cut;
        context.Report(kind, $"The connection to {name} ({connection.Identity.Address}) ended: {message ?? reason.ToString()}.", name, root);
        return (reason, message);
    }
}
