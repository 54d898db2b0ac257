namespace IsoCatalog.Surfaces.Files;

/// <summary>What a path names; a symbolic link is a link, whatever it points to.</summary>
public enum FileKind
{
    Missing,
    Regular,
    Folder,
    Link,
    Pipe,
    Socket,
    Device,
    Other,
}
