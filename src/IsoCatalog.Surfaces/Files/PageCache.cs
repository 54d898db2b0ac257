using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>The kernel's memory of file contents.</summary>
public static class PageCache
{
    /// <summary>Asks the kernel to begin with writing these bytes to the disk, without waiting (sync_file_range): the sync at the end of a long copy then has
    /// little left to wait for. Where it is not supported that sync does it all.</summary>
    public static void BeginWriteBack(SafeFileHandle file, long offset, long length) =>
        _ = Libc.SyncFileRange(file, offset, length, Libc.SyncFileRangeWrite);

    /// <summary>Asks the kernel to forget the file's pages (posix_fadvise DONTNEED). Pages that are dirty or mapped stay: sync first.
    /// Advice only; <see cref="UncachedReader"/> is surer.</summary>
    public static void Drop(SafeFileHandle file) => _ = Libc.Advise(file, 0, 0, Libc.AdviseDontNeed);
}
