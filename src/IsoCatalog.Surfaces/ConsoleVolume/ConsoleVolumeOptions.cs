namespace IsoCatalog.Surfaces.ConsoleVolume;

/// <param name="Name">Unique at its site; also written into the volume's marker.</param>
/// <param name="Group">What a panel asks for; console unless the configuration says otherwise.</param>
/// <param name="Path">Absolute path of the folder on this host.</param>
/// <param name="ClientPath">The same folder as its clients see it; null when they see it at <paramref name="Path"/>.</param>
/// <param name="ReadOnly">Nobody but the appliance can write there: a file may be a hard link to the store's own inode, without a copy.</param>
/// <param name="Check">How often the appliance looks at everything.</param>
/// <param name="SmbTemplate">A client's SMB path or URL, with <c>{fileName}</c> where the name goes.</param>
/// <param name="NfsTemplate">The same for NFS.</param>
public sealed record ConsoleVolumeOptions(
    string Name,
    string Group,
    string Path,
    string? ClientPath,
    bool ReadOnly,
    TimeSpan Check,
    string? SmbTemplate = null,
    string? NfsTemplate = null);
