using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Store;

/// <summary>Says once, for as long as it is so, that hardly a file can be opened any more: each thing that fails then names itself, and none the reason.</summary>
internal sealed class FileRoom(SiteAlarms alarms)
{
    /// <summary>So many are gone within a moment.</summary>
    private const int Few = 32;

    private bool _few;

    public void Look() => Look(OpenFiles.Limit, OpenFiles.Count());

    /// <param name="limit">How many may be open.</param>
    /// <param name="open">How many are; null when the look itself was one too many.</param>
    public void Look(long limit, int? open)
    {
        // Twice as many before it is said to be over, so that it is not said to be over by every connection that ends.
        _few = open is not { } count || limit - count < (_few ? 2 * Few : Few);
        alarms.Set(
            ReasonCode.FilesExhausted,
            _few
                ? $"This process has nearly all of the {limit:N0} files open that it may have. What needs one more fails and is tried again: connections, adds, fetches. Allow it more "
                + "(LimitNOFILE= in its systemd unit, `ulimit -n` in a shell) and start it again; each image in the store takes one, and each connection."
                : null);
    }
}
