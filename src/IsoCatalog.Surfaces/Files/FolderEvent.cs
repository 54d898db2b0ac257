namespace IsoCatalog.Surfaces.Files;

/// <summary>Something happened in a watched folder. A hint to go and look: the name may have changed again by now.</summary>
/// <param name="Kind">What.</param>
/// <param name="Folder">As given to <see cref="FolderWatch.Add"/>; empty for what concerns every folder (<see cref="FolderEventKind.Overflow"/>).</param>
/// <param name="Name">The entry; null for the folder itself. Bytes that are no UTF-8 are replaced by U+FFFD, so such a name cannot be opened.</param>
/// <param name="IsFolder">The entry is a folder.</param>
public sealed record FolderEvent(FolderEventKind Kind, string Folder, string? Name, bool IsFolder);

public enum FolderEventKind
{
    Created,
    ClosedAfterWrite,

    /// <summary>Written to; several of one file that arrive together are one event.</summary>
    Modified,

    AttributesChanged,
    Deleted,
    MovedFrom,
    MovedTo,

    /// <summary>The folder was deleted or renamed: it is no longer watched. Add it again when it is back.</summary>
    FolderGone,

    /// <summary>The file system was unmounted: the folder is no longer watched.</summary>
    Unmounted,

    /// <summary>Events were lost: look at everything.</summary>
    Overflow,
}
