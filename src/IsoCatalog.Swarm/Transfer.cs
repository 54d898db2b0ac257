using IsoCatalog.Swarm.Metainfo;

namespace IsoCatalog.Swarm;

/// <summary>An image on its way into a file. Thread-safe.</summary>
public abstract class Transfer
{
    private protected Transfer(Torrent torrent, string path) => (Torrent, Path) = (torrent, path);

    public Torrent Torrent { get; }

    /// <summary>The file that is written. It may be renamed once the transfer is complete; what is open stays open.</summary>
    public string Path { get; }

    /// <summary>Ends with how it ended; never faults.</summary>
    public abstract Task<TransferOutcome> Completion { get; }

    /// <summary>As it is now; costs a short lock.</summary>
    public abstract TransferProgress Progress { get; }
}
