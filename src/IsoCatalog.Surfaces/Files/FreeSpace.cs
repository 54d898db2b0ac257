namespace IsoCatalog.Surfaces.Files;

/// <summary>What statvfs(3) says of the file system that holds a path.</summary>
/// <param name="AvailableBytes">For this process: without what is reserved for root.</param>
/// <param name="TotalBytes">Of the whole file system.</param>
/// <param name="ReadOnly">Mounted read-only.</param>
/// <param name="FileSystemId">f_fsid; may be 0 and may change with a remount on some file systems.</param>
public sealed record FreeSpace(long AvailableBytes, long TotalBytes, bool ReadOnly, ulong FileSystemId)
{
    /// <exception cref="IOException">The path is not there or cannot be asked.</exception>
    public static unsafe FreeSpace Of(string path)
    {
        Libc.StatvfsBuffer buffer = default;
        if (Libc.Statvfs(path, &buffer) != 0)
        {
            throw Errno.Failure("ask for the free space of", path);
        }

        return new FreeSpace(
            Bytes(buffer.AvailableBlocks, buffer.FragmentSize),
            Bytes(buffer.Blocks, buffer.FragmentSize),
            (buffer.Flags & Libc.FlagReadOnlyMount) != 0,
            buffer.FileSystemId);
    }

    /// <summary>The bytes of the disk that a file takes: whole blocks, and none for its holes. 0 when there is no file.</summary>
    /// <exception cref="IOException">It cannot be asked.</exception>
    public static long TakenBy(string path) => FileStat.Of(path).Taken;

    // Object stores behind FUSE answer with absurdly large sizes.
    private static long Bytes(ulong blocks, ulong size) => (long)UInt128.Min((UInt128)blocks * size, long.MaxValue);
}
