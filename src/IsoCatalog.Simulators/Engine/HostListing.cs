using System.Runtime.InteropServices;

namespace IsoCatalog.Simulators.Engine;

/// <summary>
/// What a host finds in the directory of an ISO domain (vdsm: FileStorageDomain.getFileList, oop.simpleWalk and validateQemuReadable; ioprocess:
/// ResponseReader). It looks as user vdsm does, 36 in the groups kvm and qemu, whoever runs the stand-in; by owners and modes alone.
/// </summary>
internal static class HostListing
{
    public const uint Vdsm = 36;
    public const uint Kvm = 36;
    private const uint Qemu = 107;

    /// <summary>Bits of one class of a mode: to list a directory, and to look up what is in it.</summary>
    private const int Read = 4;
    private const int Search = 1;

    /// <summary>
    /// Relative paths of everything that is no directory, in all directories below, of any name; without what QEMU could not read by its mode.
    /// </summary>
    /// <param name="directory">Which is listed.</param>
    /// <param name="above">How many directories above it the host finds on the way from its mount to it.</param>
    /// <exception cref="HostListingException">
    /// One entry could not be looked at: a link into nothing, a file that went away meanwhile, a directory that is not there or closed to vdsm, a name that is
    /// not UTF-8. The whole call fails then.
    /// </exception>
    public static IReadOnlyList<string> Of(string directory, int above = 0)
    {
        var found = new List<string>();
        try
        {
            var mount = directory;
            for (var up = 0; up < above; up++)
            {
                mount = Path.GetDirectoryName(mount)!;
                Demand(mount, Search);
            }

            Walk(directory, mount, "", found);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostListingException(e.Message, e);
        }

        return found;
    }

    private static void Walk(string directory, string mount, string prefix, List<string> found)
    {
        Demand(directory, Read);
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false }))
        {
            // Each is looked at, which takes the right to search; what cannot be decoded here, ioprocess cannot either, and its stat fails below.
            Demand(directory, Search);
            var name = prefix + entry.Name;
            if (entry is DirectoryInfo && entry.LinkTarget is null)
            {
                Walk(entry.FullName, mount, name + "/", found);
                continue;
            }

            DemandWayTo(entry, mount);
            if (IsReadableByQemu(entry.FullName))
            {
                found.Add(name);
            }
        }
    }

    /// <summary>A link is followed, and where it leads to must be reachable too; what is above the mount is not on a host's way.</summary>
    private static void DemandWayTo(FileSystemInfo entry, string mount)
    {
        if (entry.LinkTarget is not null && entry.ResolveLinkTarget(returnFinalTarget: true) is { } target)
        {
            for (var up = Path.GetDirectoryName(target.FullName); up is not null; up = Path.GetDirectoryName(up))
            {
                if (!mount.StartsWith(up.TrimEnd('/') + "/", StringComparison.Ordinal) && mount != up)
                {
                    Demand(up, Search);
                }
            }
        }
    }

    /// <summary>Whether vdsm may read, write and search a directory.</summary>
    public static bool MayDoAll(string directory) => RightsIn(directory) == 7;

    private static void Demand(string directory, int right)
    {
        if ((RightsIn(directory) & right) == 0)
        {
            throw new HostListingException($"{directory}: Permission denied");
        }
    }

    private static int RightsIn(string directory)
    {
        var statx = StatOf(directory);
        return (statx.Mode >> (statx.Uid == Vdsm ? 6 : statx.Gid is Kvm or Qemu ? 3 : 0)) & 7;
    }

    private static bool IsReadableByQemu(string path)
    {
        var statx = StatOf(path);
        var mode = (UnixFileMode)(statx.Mode & 0xFFF);
        return mode.HasFlag(UnixFileMode.OtherRead) || (mode.HasFlag(UnixFileMode.GroupRead) && statx.Gid is Qemu or Kvm);
    }

    private static unsafe Libc.Statx StatOf(string path)
    {
        Libc.Statx statx = default;
        return Libc.StatxOf(Libc.CurrentFolder, path, 0, Libc.BasicStats, &statx) == 0
            ? statx
            : throw new HostListingException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }
}

/// <summary>VDSM's GetFileStatsError, 330.</summary>
internal sealed class HostListingException(string message, Exception? inner = null) : Exception(message, inner);

internal static partial class Libc
{
    public const int CurrentFolder = -100;
    public const uint BasicStats = 0x7FF;

    /// <returns>0, or -1 with the error left behind.</returns>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int StatxOf(int folder, string path, int flags, uint mask, Statx* result);

    /// <summary>As chown(2), or -1 with the error left behind.</summary>
    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint user, uint group);

    /// <summary>struct statx of linux/stat.h, the same on every architecture; what is not read here has no name.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(20)]
        public uint Uid;

        [FieldOffset(24)]
        public uint Gid;

        [FieldOffset(28)]
        public ushort Mode;
    }
}
