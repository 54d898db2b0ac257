namespace IsoCatalog.Surfaces.Files;

/// <summary>What an exception of the file system means for what to do next. Understands those of .NET and those of this room.</summary>
public static class DiskFault
{
    /// <summary>No space, or the quota is used up.</summary>
    public static bool IsFull(Exception exception) =>
        exception is IOException { HResult: Errno.NoSpace or Errno.QuotaExceeded };

    /// <summary>The file system is mounted read-only, or the process may not write there.</summary>
    public static bool IsReadOnly(Exception exception) =>
        exception is UnauthorizedAccessException
            or IOException { HResult: Errno.ReadOnlyFileSystem or Errno.AccessDenied or Errno.NotPermitted };

    /// <summary>This process has not the right; the file itself may be as it should.</summary>
    public static bool MayNot(Exception exception) =>
        exception is UnauthorizedAccessException or IOException { HResult: Errno.AccessDenied or Errno.NotPermitted };

    /// <summary>It was not the file that failed, so nothing is known of it: no right to it, no descriptor or memory left for it, a server that is away.</summary>
    public static bool SaysNothing(Exception exception) => MayNot(exception) || IsUnreachable(exception) || exception is OutOfMemoryException
        or IOException { HResult: Errno.TooManyFiles or Errno.TooManyProcessFiles or Errno.NoMemory or Errno.Interrupted or Errno.TryAgain };

    /// <summary>The file server or the device is gone.</summary>
    public static bool IsUnreachable(Exception exception) => exception is IOException
    {
        HResult: Errno.NoDevice or Errno.NotConnected or Errno.TimedOut or Errno.HostDown or Errno.NoRouteToHost or Errno.StaleHandle
    };

    /// <summary>The kind of exception that a disk or a network file system causes, not a mistake in the program.</summary>
    public static bool IsOutside(Exception exception) => exception is IOException or UnauthorizedAccessException;
}
