using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>
/// Keeps a second process out of a folder: flock(2) on a file in it, which the kernel releases when the process ends, however it ends.
/// The file stays (removing it would let two processes lock two files of one name).
/// </summary>
public sealed class FolderLock : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly string _path;

    private FolderLock(SafeFileHandle file, string path) => (_file, _path) = (file, path);

    /// <summary>Is the file that was locked still the one at its path? Not when the folder was moved away, or its file system was unmounted or lies under another one.</summary>
    public bool IsInPlace
    {
        get
        {
            try
            {
                var (held, there) = (FileStat.Of(_file), FileStat.Of(_path));
                return (held.Device, held.Inode) == (there.Device, there.Inode);
            }
            catch (Exception exception) when (DiskFault.IsOutside(exception))
            {
                return false;
            }
        }
    }

    /// <param name="path">The lock file; created if missing.</param>
    /// <returns>Null when another process (or another lock in this one) holds it; <see cref="HolderOf"/> says who.</returns>
    /// <exception cref="IOException">The file cannot be opened, or the file system knows no locks.</exception>
    public static FolderLock? TryTake(string path)
    {
        var file = Libc.Open(path, Libc.OpenReadWrite | Libc.OpenCreate | Libc.OpenNoFollow, (uint)(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        if (Libc.Flock(file, Libc.LockExclusiveNow) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            file.Dispose();
            return error == Errno.TryAgain ? null : throw Errno.Failure("lock", path, error);
        }

        RandomAccess.SetLength(file, 0);
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n")), 0);
        return new FolderLock(file, path);
    }

    /// <summary>The process id that the last holder wrote, for a message; null if it cannot be told.</summary>
    public static int? HolderOf(string path)
    {
        try
        {
            using var file = DurableFile.OpenRead(path);
            Span<byte> text = stackalloc byte[16];
            var length = RandomAccess.Read(file, text, 0);
            return int.TryParse(Encoding.ASCII.GetString(text[..length]).TrimEnd(), CultureInfo.InvariantCulture, out var id) ? id : null;
        }
        catch (Exception exception) when (DiskFault.IsOutside(exception))
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
