namespace IsoCatalog.Swarm;

public enum TransferState
{
    /// <summary>What is on the disk already is being hashed.</summary>
    Checking,

    Fetching,

    /// <summary>Everything is there and verified; it is being made durable.</summary>
    Finishing,

    Completed,

    Stopped,

    Failed,
}

/// <summary>A transfer as it is at this moment.</summary>
/// <param name="Size">Bytes of the image.</param>
/// <param name="Verified">Bytes that are in the file and match the root.</param>
/// <param name="Fetched">Bytes of payload that arrived for it in this run; more than what was missing if some were wasted.</param>
/// <param name="Rate">Bytes a second that arrived over the last seconds.</param>
/// <param name="RequestsInFlight">Blocks of 16 KiB asked for and not arrived, over all connections.</param>
/// <param name="StallReason">Why nothing arrives, in words; null while something does, and when nothing should.</param>
public sealed record TransferProgress(
    TransferState State,
    long Size,
    long Verified,
    long Fetched,
    double Rate,
    int RequestsInFlight,
    IReadOnlyList<PeerSnapshot> Peers,
    string? StallReason);

/// <summary>How a transfer ended.</summary>
public abstract record TransferOutcome
{
    private TransferOutcome()
    {
    }

    /// <summary>The file is whole, each leaf matched the root when it was written, and fsync succeeded. It goes on being served.</summary>
    public sealed record Completed(long Fetched) : TransferOutcome;

    /// <summary>Stopped by the caller or the end of the engine; what was fetched stays for a resume.</summary>
    public sealed record Stopped : TransferOutcome;

    /// <summary>The file could not be read or written.</summary>
    /// <param name="Reason">What, where.</param>
    /// <param name="DiskFull">Whether it is for want of space, so that it may succeed later.</param>
    public sealed record StorageFailed(string Reason, bool DiskFull) : TransferOutcome;
}
