using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>
/// Changes to the disk that are still there after a power cut: when a method returns, the change and the folder entry are synced.
/// Everything throws <see cref="IOException"/> with the error number as HResult (see <see cref="DiskFault"/>). Linux only.
/// </summary>
public static class DurableFile
{
    /// <summary>After a crash at any instruction the path holds the old content or the new one, whole. A crash may leave
    /// <c>.&lt;name&gt;.&lt;8 hex digits&gt;.tmp</c> beside it. The mode is exact: the umask does not apply.</summary>
    public static void WriteAtomically(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var folder = FolderOf(path);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.tmp");
        using (var file = CreateNew(temporary))
        {
            try
            {
                RandomAccess.Write(file, content, 0);
                SetMode(file, mode);
                Sync(file);
                if (Libc.Rename(temporary, path) != 0)
                {
                    throw Errno.Failure($"rename {FolderHandle.AsShown(temporary)} to", path);
                }
            }
            catch
            {
                _ = Libc.Unlink(temporary);
                throw;
            }
        }

        SyncFolder(folder);
    }

    /// <summary>Opens a file that must not be there yet (a dangling link counts as there), for reading and writing, mode 0600.</summary>
    public static SafeFileHandle CreateNew(string path) => Libc.Open(
        path, Libc.OpenReadWrite | Libc.OpenCreate | Libc.OpenExclusive | Libc.OpenNoFollow, (uint)(UnixFileMode.UserRead | UnixFileMode.UserWrite));

    public static void SetMode(SafeFileHandle file, UnixFileMode mode)
    {
        if (Libc.Fchmod(file, (uint)mode) != 0)
        {
            throw Errno.Failure("set the mode of", "an open file");
        }
    }

    /// <summary>False when this process may not give the file away (EPERM; on NFS also with root_squash).</summary>
    public static bool TrySetOwner(SafeFileHandle file, uint user, uint group)
    {
        if (Libc.Fchown(file, user, group) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is Errno.NotPermitted or Errno.Invalid or Errno.NotSupported ? false : throw Errno.Failure("set the owner of", "an open file", error);
    }

    /// <summary>Opens a file for reading without following a link and without blocking on a pipe.</summary>
    public static SafeFileHandle OpenRead(string path) =>
        Libc.Open(path, Libc.OpenReadOnly | Libc.OpenNoFollow | Libc.OpenNonBlocking);

    /// <summary>As <see cref="OpenRead"/>, of what somebody named: a link is followed.</summary>
    public static SafeFileHandle OpenNamed(string path) => Libc.Open(path, Libc.OpenReadOnly | Libc.OpenNonBlocking);

    /// <summary>Makes a folder, and never those above it: where they are gone a file system was unmounted, and nothing belongs under its mount point. One that is
    /// there is fine.</summary>
    public static void CreateFolder(string path, UnixFileMode mode)
    {
        if (Libc.MakeFolder(path, (uint)mode) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == Errno.Exists)
            {
                return;
            }

            throw Errno.Failure("make the folder", path, error);
        }

        SyncFolder(FolderOf(path));
    }

    /// <summary>Makes entries that were created, renamed or removed in the folder durable.</summary>
    public static void SyncFolder(string folder)
    {
        using var handle = Libc.Open(folder, Libc.OpenReadOnly | Libc.OpenFolder);
        if (Libc.Fsync(handle) != 0 && Marshal.GetLastPInvokeError() is not (Errno.Invalid or Errno.NotSupported) and var error)
        {
            // EINVAL: a few network file systems cannot sync a folder; their server does it by itself.
            throw Errno.Failure("sync the folder", folder, error);
        }
    }

    /// <summary>fsync(2). After a failure the file's pages may be marked clean without being on the disk: never trust that file again.</summary>
    public static void Sync(SafeFileHandle file)
    {
        while (Libc.Fsync(file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Errno.Interrupted)
            {
                throw Errno.Failure("sync", "an open file", error);
            }
        }
    }

    /// <summary>False when something is at the target already, even another link to the same file; then nothing has changed.</summary>
    public static bool RenameNoReplace(string from, string to)
    {
        if (Libc.Rename2(Libc.AtFdCwd, from, Libc.AtFdCwd, to, Libc.RenameNoReplaceFlag) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == Errno.Exists)
            {
                return false;
            }

            if (error is not (Errno.Invalid or Errno.NoSystemCall))
            {
                throw Errno.Failure($"rename {FolderHandle.AsShown(from)} to", to, error);
            }

            // NFS has no such rename. A link refuses an existing target as well; a crash between the two calls leaves both names.
            if (!LinkThenUnlink(from, to))
            {
                return false;
            }
        }

        SyncBothFolders(from, to);
        return true;
    }

    /// <summary>Replaces what is at the target, atomically. When both names are links to one file the kernel does nothing at all
    /// (rename(2)), and <paramref name="from"/> stays.</summary>
    public static void Rename(string from, string to)
    {
        if (Libc.Rename(from, to) != 0)
        {
            throw Errno.Failure($"rename {FolderHandle.AsShown(from)} to", to);
        }

        SyncBothFolders(from, to);
    }

    /// <summary>Makes the target share the source's blocks (FICLONE); false where the file system cannot, then the target is untouched.</summary>
    public static bool TryClone(SafeFileHandle source, SafeFileHandle target)
    {
        if (Libc.Ioctl(target, Libc.CloneRequest, source.DangerousGetHandle()) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is Errno.NotSupported or Errno.CrossDevice or Errno.Invalid or Errno.NotATerminal or Errno.NoSystemCall
            or Errno.NotPermitted or Errno.TextBusy
            ? false
            : throw Errno.Failure("clone into", "an open file", error);
    }

    /// <summary>False where a link cannot be: another file system, no such thing there, too many links, or forbidden (EPERM).
    /// The folder is synced. Does not follow a link at <paramref name="existing"/>.</summary>
    /// <exception cref="IOException">Anything else, also when <paramref name="link"/> exists.</exception>
    public static bool TryHardLink(string existing, string link)
    {
        if (Libc.Link(existing, link) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is Errno.CrossDevice or Errno.NotPermitted or Errno.TooManyLinks or Errno.NotSupported
                ? false
                : throw Errno.Failure($"link {FolderHandle.AsShown(existing)} to", link, error);
        }

        SyncFolder(FolderOf(link));
        return true;
    }

    /// <summary>Removes a file or a link; a missing one is fine.</summary>
    public static void Delete(string path)
    {
        if (Libc.Unlink(path) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error is Errno.NoEntry or Errno.NotFolder)
            {
                return;
            }

            throw Errno.Failure("delete", path, error);
        }

        SyncFolder(FolderOf(path));
    }

    private static bool LinkThenUnlink(string from, string to)
    {
        if (Libc.Link(from, to) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error == Errno.Exists ? false : throw Errno.Failure($"rename {FolderHandle.AsShown(from)} to", to, error);
        }

        return Libc.Unlink(from) == 0 ? true : throw Errno.Failure("delete", from);
    }

    private static void SyncBothFolders(string from, string to)
    {
        // The new entry first: a crash in between shows the file twice, not never.
        var target = FolderOf(to);
        SyncFolder(target);
        var source = FolderOf(from);
        if (source != target)
        {
            SyncFolder(source);
        }
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))
        ?? throw new ArgumentException($"{path} is not in a folder.", nameof(path));
}
