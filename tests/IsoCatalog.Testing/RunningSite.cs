using IsoCatalog.Appliance.Commands;

namespace IsoCatalog.Testing;

/// <summary>A site that was started: as the real program in a process of its own, or in the process of the tests.</summary>
internal abstract class RunningSite : IAsyncDisposable
{
    protected static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    protected static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Where it really listens.</summary>
    public abstract SiteAddresses Addresses { get; }

    public abstract bool HasExited { get; }

    /// <summary>Stops it in good order, and gives what it logged.</summary>
    public abstract Task<string> StopAsync();

    /// <summary>Ends it, in good order or not.</summary>
    public abstract ValueTask DisposeAsync();
}
