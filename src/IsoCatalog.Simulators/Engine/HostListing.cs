using System.Runtime.InteropServices;

namespace IsoCatalog.Simulators.Engine;

/// <summary>What a host finds in the directory of an ISO domain (vdsm, FileStorageDomain.getFileList and validateQemuReadable).</summary>
internal static class HostListing
{
    private const uint Qemu = 107;
    private const uint Kvm = 36;

    /// <summary>
    /// Relative paths of everything that is no directory, in all directories below, of any name; without what QEMU could not read by its mode.
    /// </summary>
    /// <exception cref="HostListingException">
    /// One entry could not be looked at: a link into nothing, a file that went away meanwhile, a directory that is not there. The whole call fails then.
    /// </exception>
    public static IReadOnlyList<string> Of(string directory)
    {
        var found = new List<string>();
        try
        {
            Walk(directory, "", found);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HostListingException(e.Message, e);
        }

        return found;
    }

    private static void Walk(string directory, string prefix, List<string> found)
    {
        foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false }))
        {
            var name = prefix + entry.Name;
            if (entry is DirectoryInfo && entry.LinkTarget is null)
            {
                Walk(entry.FullName, name + "/", found);
            }
            else if (IsReadableByQemu(entry.FullName))
            {
                found.Add(name);
            }
        }
    }

    private static unsafe bool IsReadableByQemu(string path)
    {
        Libc.Statx statx = default;
        if (Libc.StatxOf(Libc.CurrentFolder, path, 0, Libc.BasicStats, &statx) != 0)
        {
            throw new HostListingException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var mode = (UnixFileMode)(statx.Mode & 0xFFF);
        return mode.HasFlag(UnixFileMode.OtherRead) || (mode.HasFlag(UnixFileMode.GroupRead) && statx.Gid is Qemu or Kvm);
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

    /// <summary>struct statx of linux/stat.h, the same on every architecture; what is not read here has no name.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(24)]
        public uint Gid;

        [FieldOffset(28)]
        public ushort Mode;
    }
}
