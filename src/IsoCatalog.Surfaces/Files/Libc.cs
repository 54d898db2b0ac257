using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>The system calls that .NET does not offer, as in man pages section 2; numbers are those of 64-bit Linux.</summary>
internal static unsafe partial class Libc
{
    public const int AtFdCwd = -100;
    public const int AtSymlinkNoFollow = 0x100;
    public const int AtEffectiveAccess = 0x200;
    public const int AtEmptyPath = 0x1000;
    public const int AtForceSync = 0x2000;
    public const uint SyncFileRangeWrite = 2;

    public const int OpenReadOnly = 0;
    public const int OpenWriteOnly = 1;
    public const int OpenReadWrite = 2;
    public const int OpenCreate = 0x40;
    public const int OpenExclusive = 0x80;
    public const int OpenNonBlocking = 0x800;
    public const int OpenCloseOnExec = 0x80000;

    // These three moved when Linux came to ARM.
    public static readonly int OpenDirect = IsArm ? 0x10000 : 0x4000;
    public static readonly int OpenFolder = IsArm ? 0x4000 : 0x10000;
    public static readonly int OpenNoFollow = IsArm ? 0x8000 : 0x20000;

    public const uint RenameNoReplaceFlag = 1;
    public const nuint CloneRequest = 0x40049409;
    public const int AdviseDontNeed = 4;
    public const int LockExclusiveNow = 2 | 4;
    public const int MayWriteAndSearch = 2 | 1;
    public const short PollIn = 1;
    public const ulong FlagReadOnlyMount = 1;
    public const int LimitOfFiles = 7;

    // The same on every architecture.
    private const nint OpenAt2Number = 437;
    private const ulong ResolveNoMounts = 1;
    private const ulong ResolveNoLinks = 2 | 4;
    private const ulong ResolveBeneath = 8;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int GetLimit(int resource, ResourceLimit* limit);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenRaw(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int folder, string path, int flags, uint mask, StatxBuffer* result);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(SafeFileHandle file, string empty, int flags, uint mask, StatxBuffer* result);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    public static partial int Statx(int folder, byte* path, int flags, uint mask, StatxBuffer* result);

    [LibraryImport("libc", EntryPoint = "opendir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OpenFolderStream(string path);

    /// <summary>The entry is valid until the next call. Null with the error 0 at the end: the error is cleared before each call.</summary>
    [LibraryImport("libc", EntryPoint = "readdir", SetLastError = true)]
    public static partial byte* ReadFolderStream(nint folder);

    [LibraryImport("libc", EntryPoint = "dirfd")]
    public static partial int DescriptorOf(nint folder);

    [LibraryImport("libc", EntryPoint = "closedir")]
    public static partial int CloseFolderStream(nint folder);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statvfs(string path, StatvfsBuffer* result);

    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetAttribute(string path, string name, void* value, nuint size);

    /// <summary>It has an access control list besides its mode.</summary>
    public static bool HasAcl(string path) => GetAttribute(path, "system.posix_acl_access", null, 0) > 0;

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int Fstatfs(SafeFileHandle file, StatfsBuffer* result);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(SafeFileHandle folder, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenAt2(nint number, SafeFileHandle folder, string name, OpenHow* how, nuint size);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    public static partial int Fchmod(SafeFileHandle file, uint mode);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    public static partial int Fchown(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string existing, string link);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFolder(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "faccessat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Access(int folder, string path, int mode, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    public static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    public static partial int InotifyInit(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int InotifyAdd(SafeFileHandle inotify, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    public static partial int InotifyRemove(SafeFileHandle inotify, int watch);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventFd(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollItem* items, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(SafeFileHandle file, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(SafeFileHandle file, byte* buffer, nuint count);

    /// <summary>Unlike File.OpenHandle it takes no flock, which another program's lock would turn into an error.</summary>
    /// <exception cref="IOException">With the error number as its HResult.</exception>
    public static SafeFileHandle Open(string path, int flags, uint mode = 0) =>
        TryOpen(path, flags, mode, out var error) ?? throw Errno.Failure("open", path, error);

    public static SafeFileHandle? TryOpen(string path, int flags, uint mode, out int error)
    {
        int descriptor;
        do
        {
            descriptor = OpenRaw(path, flags | OpenCloseOnExec, mode);
            error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (error == Errno.Interrupted);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>
    /// Opens an entry of a folder: with openat2(2), which crosses no link, and no mount unless it may, and where the kernel or a sandbox has none with openat(2), which crosses no link as long
    /// as the flags say so and <paramref name="name"/> is a single component.
    /// </summary>
    public static SafeFileHandle? TryOpenBelow(SafeFileHandle folder, string name, int flags, bool mayBeMount, out int error)
    {
        var how = new OpenHow { Flags = (ulong)(uint)(flags | OpenCloseOnExec), Resolve = ResolveBeneath | ResolveNoLinks | (mayBeMount ? 0 : ResolveNoMounts) };
        nint descriptor;
        do
        {
            descriptor = OpenAt2(OpenAt2Number, folder, name, &how, (nuint)sizeof(OpenHow));
            error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error is Errno.NoSystemCall or Errno.NotPermitted)
            {
                descriptor = OpenAt(folder, name, flags | OpenCloseOnExec, 0);
                error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
        }
        while (error is Errno.Interrupted or Errno.TryAgain);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>struct open_how.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    /// <summary>struct statfs on 64 bits: its first field is all that is read.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct StatfsBuffer
    {
        [FieldOffset(0)] public long Type;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct PollItem
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>struct rlimit of 64-bit systems; all ones for none.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct ResourceLimit
    {
        public ulong Now;
        public ulong Most;
    }

    /// <summary>struct statx: the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct StatxBuffer
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(16)] public uint Links;
        [FieldOffset(20)] public uint User;
        [FieldOffset(24)] public uint Group;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(48)] public ulong Blocks;
        [FieldOffset(80)] public long BornSeconds;
        [FieldOffset(88)] public uint BornNanoseconds;
        [FieldOffset(96)] public long ChangedSeconds;
        [FieldOffset(104)] public uint ChangedNanoseconds;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;
    }

    /// <summary>struct statvfs of glibc and musl on 64 bits.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    public struct StatvfsBuffer
    {
        [FieldOffset(8)] public ulong FragmentSize;
        [FieldOffset(16)] public ulong Blocks;
        [FieldOffset(32)] public ulong AvailableBlocks;
        [FieldOffset(64)] public ulong FileSystemId;
        [FieldOffset(72)] public ulong Flags;
    }
}
