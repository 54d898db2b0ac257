using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>What statx(2) says; a network file system is asked, not its attribute cache. The birth time is 0 where the file system has
/// none; with the inode it tells a file from a later one that got the same number.</summary>
internal readonly record struct FileStat(
    FileKind Kind, ulong Device, ulong Inode, long Size, long ModifiedNs, long ChangedNs, long BornNs, uint Links, UnixFileMode Mode,
    uint User, uint Group, long Taken = 0)
{
    private const uint BasicAndBirth = 0x7ff | BirthMask;
    private const uint BirthMask = 0x800;

    /// <summary>Of stx_blocks, whatever the file system's blocks are (statx(2)).</summary>
    private const long BlockLength = 512;

    public static unsafe FileStat Of(SafeFileHandle file)
    {
        Libc.StatxBuffer buffer = default;
        return Libc.Statx(file, "", Libc.AtEmptyPath | Libc.AtForceSync, BasicAndBirth, &buffer) == 0
            ? From(buffer)
            : throw Errno.Failure("stat", "an open file");
    }

    /// <summary>Follows no link in the last component. <see cref="FileKind.Missing"/> for ENOENT and ENOTDIR.</summary>
    public static unsafe FileStat Of(string path)
    {
        Libc.StatxBuffer buffer = default;
        if (Libc.Statx(Libc.AtFdCwd, path, Libc.AtSymlinkNoFollow | Libc.AtForceSync, BasicAndBirth, &buffer) == 0)
        {
            return From(buffer);
        }

        var error = Marshal.GetLastPInvokeError();
        return error is Errno.NoEntry or Errno.NotFolder ? default : throw Errno.Failure("stat", path, error);
    }

    /// <summary>What a link leads to; <see cref="FileKind.Missing"/> when it leads nowhere.</summary>
    public static unsafe FileStat Followed(string path)
    {
        Libc.StatxBuffer buffer = default;
        if (Libc.Statx(Libc.AtFdCwd, path, Libc.AtForceSync, BasicAndBirth, &buffer) == 0)
        {
            return From(buffer);
        }

        var error = Marshal.GetLastPInvokeError();
        return error is Errno.NoEntry or Errno.NotFolder or Errno.TooManyLinksOnTheWay ? default : throw Errno.Failure("stat", path, error);
    }

    /// <summary>An entry of an open folder, or with an empty name the folder itself; a link is not followed.</summary>
    /// <param name="name">Ends with a zero.</param>
    /// <param name="problem">Why nothing is known of it; null also when it is gone.</param>
    internal static unsafe FileStat Below(int folder, ReadOnlySpan<byte> name, out string? problem)
    {
        Libc.StatxBuffer buffer = default;
        fixed (byte* start = name)
        {
            problem = null;
            if (Libc.Statx(folder, start, Libc.AtSymlinkNoFollow | Libc.AtForceSync | Libc.AtEmptyPath, BasicAndBirth, &buffer) == 0)
            {
                return From(buffer);
            }
        }

        var error = Marshal.GetLastPInvokeError();
        problem = error is Errno.NoEntry or Errno.NotFolder ? null : Marshal.GetPInvokeErrorMessage(error);
        return default;
    }

    private static FileStat From(in Libc.StatxBuffer buffer) => new(
        (buffer.Mode & 0xF000) switch
        {
            0x8000 => FileKind.Regular,
            0x4000 => FileKind.Folder,
            0xA000 => FileKind.Link,
            0x1000 => FileKind.Pipe,
            0xC000 => FileKind.Socket,
            0x2000 or 0x6000 => FileKind.Device,
            _ => FileKind.Other,
        },
        DeviceNumber(buffer.DeviceMajor, buffer.DeviceMinor),
        buffer.Inode,
        checked((long)buffer.Size),
        Nanoseconds(buffer.ModifiedSeconds, buffer.ModifiedNanoseconds),
        Nanoseconds(buffer.ChangedSeconds, buffer.ChangedNanoseconds),
        (buffer.Mask & BirthMask) == 0 ? 0 : Nanoseconds(buffer.BornSeconds, buffer.BornNanoseconds),
        buffer.Links,
        (UnixFileMode)(buffer.Mode & 0xFFF),
        buffer.User,
        buffer.Group,
        checked((long)buffer.Blocks * BlockLength));

    // A time outside 1677..2262 wraps; it is compared for equality only.
    private static long Nanoseconds(long seconds, uint nanoseconds) => unchecked((seconds * 1_000_000_000L) + nanoseconds);

    // makedev(3), so that the number is the one that stat and find print.
    private static ulong DeviceNumber(uint major, uint minor) =>
        ((major & 0xfffUL) << 8) | (minor & 0xffUL) | ((minor & ~0xffUL) << 12) | ((major & ~0xfffUL) << 32);
}
