using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>What statfs(2) says of the file system that something lies on.</summary>
internal static class FileSystemKind
{
    // Magic numbers of linux/magic.h: NFS, CIFS, SMB2, FUSE, 9p, and the two of FAT, which has no owners.
    private static readonly long[] Mapping = [0x6969, 0xFF534D42, 0xFE534D42, 0x65735546, 0x01021997, 0x4d44, 0x2011BAB0];

    /// <summary>Owners there are what a server or a mount option makes of them, and so say nothing.</summary>
    public static unsafe bool MapsOwners(SafeFileHandle file)
    {
        Libc.StatfsBuffer buffer = default;
        return Libc.Fstatfs(file, &buffer) == 0 && Mapping.Contains(buffer.Type);
    }
}
