using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>Which parts of a file were ever written, as far as its file system says: one that compresses may call zeros a hole, and one that has no holes has none.</summary>
public static class SparseFile
{
    private const int SeekHole = 4;

    /// <summary>Where the first hole begins (lseek(2), SEEK_HOLE); <paramref name="size"/> when there is none before it, or the file system cannot tell.</summary>
    public static long FirstHole(SafeFileHandle file, long size)
    {
        var hole = Libc.Seek(file, 0, SeekHole);
        return hole < 0 || hole > size ? size : hole;
    }

    /// <summary>Bytes that the file takes on its disk.</summary>
    public static long Taken(SafeFileHandle file) => FileStat.Of(file).Taken;
}
