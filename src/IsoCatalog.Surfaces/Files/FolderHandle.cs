using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>
/// A folder that is held open for one operation: what is looked up, made or removed in it is in that very folder, whatever its path leads to meanwhile. To be
/// held no longer: it keeps a mount busy, and would go on working in a folder that was replaced. Linux only. Not thread-safe.
/// </summary>
internal sealed class FolderHandle : IDisposable
{
    private const string Descriptors = "/proc/self/fd/";

    private readonly SafeFileHandle _handle;
    private readonly string _shown;

    private FolderHandle(SafeFileHandle handle, string shown) => (_handle, _shown) = (handle, shown);

    /// <summary>The folder for calls that take a path (proc(5)): no component of its real path is looked up again.</summary>
    public string Path => Descriptors + _handle.DangerousGetHandle();

    public FileStat Stat => FileStat.Of(_handle);

    public bool MapsOwners => FileSystemKind.MapsOwners(_handle);

    /// <summary>Opens a folder that the operator named: links on the way are his. Null when there is none.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static FolderHandle? Open(string path) =>
        Libc.TryOpen(path, Libc.OpenReadOnly | Libc.OpenFolder, 0, out var error) is { } handle ? new FolderHandle(handle, path)
        : error is Errno.NoEntry or Errno.NotFolder ? null
        : throw Errno.Failure("open", path, error);

    /// <summary>The name of an entry for calls that take a path and do not follow a link in its last component.</summary>
    /// <exception cref="ArgumentException">It is no single name: a bug of the caller.</exception>
    public string this[string name] => $"{Path}/{Single(name)}";

    /// <summary>As <see cref="this[string]"/>, for people.</summary>
    public string Shown(string name) => System.IO.Path.Combine(_shown, name);

    /// <summary>Opens a folder in this one, never through a link. Null when nothing is there.</summary>
    /// <exception cref="StrangeFolderException">It is a link, or no folder.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public FolderHandle? Below(string name) => Below(name, mayBeMount: true);

    /// <summary>As <see cref="Below(string)"/>, for a folder that this process made for itself: it must be this user's, and is closed to writers again if it is open to them.</summary>
    /// <exception cref="StrangeFolderException">Also when it belongs to somebody else, or is another file system.</exception>
    public FolderHandle? OwnBelow(string name)
    {
        var opened = Below(name, mayBeMount: false);
        if (opened is null)
        {
            return null;
        }

        try
        {
            var stat = opened.Stat;
            if (stat.Device != Stat.Device)
            {
                throw new StrangeFolderException($"{Shown(name)} is on another file system");
            }

            if (stat.User != Libc.EffectiveUser() && !opened.MapsOwners)
            {
                throw new StrangeFolderException(
                    $"{Shown(name)} belongs to user {stat.User}, and the appliance runs as {Libc.EffectiveUser()}");
            }

            if ((stat.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != UnixFileMode.None)
            {
                // Where modes mean nothing this changes nothing.
                _ = Libc.Fchmod(opened._handle, (uint)(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Names of all entries, as far as they can be written in UTF-8.</summary>
    public IEnumerable<string> Names() => Directory.EnumerateFileSystemEntries(Path).Select(entry => System.IO.Path.GetFileName(entry));

    /// <summary>A path as people know it, also one that was made from a handle.</summary>
    public static string AsShown(string path)
    {
        if (!path.StartsWith(Descriptors, StringComparison.Ordinal))
        {
            return path;
        }

        var end = path.IndexOf('/', Descriptors.Length);
        var descriptor = end < 0 ? path : path[..end];
        return new FileInfo(descriptor).LinkTarget is { } target ? target + path[descriptor.Length..] : path;
    }

    public void Dispose() => _handle.Dispose();

    private FolderHandle? Below(string name, bool mayBeMount)
    {
        var shown = Shown(Single(name));
        return Libc.TryOpenBelow(_handle, name, Libc.OpenReadOnly | Libc.OpenFolder | Libc.OpenNoFollow, mayBeMount, out var error) is { } handle
            ? new FolderHandle(handle, shown)
            : error switch
            {
                Errno.NoEntry => null,
                Errno.NotFolder or Errno.TooManyLinksOnTheWay => throw new StrangeFolderException($"{shown} is {What(FileStat.Of(this[name]).Kind)}"),
                Errno.CrossDevice => throw new StrangeFolderException($"{shown} is on another file system"),
                _ => throw Errno.Failure("open", shown, error),
            };
    }

    private static string Single(string name) => name.Length > 0 && name is not ("." or "..") && !name.AsSpan().ContainsAny('/', '\0')
        ? name
        : throw new ArgumentException($"'{name}' is no name of an entry.", nameof(name));

    private static string What(FileKind kind) => kind == FileKind.Link ? "a link" : "no folder";
}

/// <summary>In the place of a folder of ours lies something else: nothing behind it is read, written or deleted.</summary>
internal sealed class StrangeFolderException(string what) : IOException(
    $"{what}: it is not the folder that the appliance made there, and nothing in it is touched. Find out who put it there, and remove it; the appliance makes its own again.");
