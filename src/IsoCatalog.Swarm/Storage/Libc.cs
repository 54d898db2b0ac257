using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Swarm.Storage;

/// <summary>The system calls that .NET does not offer.</summary>
internal static partial class Libc
{
    public const uint SyncFileRangeWrite = 2;

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);
}
