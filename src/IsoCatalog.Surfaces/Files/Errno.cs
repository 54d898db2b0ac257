using System.Runtime.InteropServices;

namespace IsoCatalog.Surfaces.Files;

/// <summary>Error numbers of Linux, and their way into an <see cref="IOException"/>: as HResult, where .NET puts its own too.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int TryAgain = 11;
    public const int NoMemory = 12;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int CrossDevice = 18;
    public const int NoDevice = 19;
    public const int NotFolder = 20;
    public const int Invalid = 22;
    public const int TooManyFiles = 23;
    public const int TooManyProcessFiles = 24;
    public const int NotATerminal = 25;
    public const int TextBusy = 26;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int TooManyLinks = 31;
    public const int NoSystemCall = 38;
    public const int TooManyLinksOnTheWay = 40;
    public const int NotSupported = 95;
    public const int NotConnected = 107;
    public const int TimedOut = 110;
    public const int HostDown = 112;
    public const int NoRouteToHost = 113;
    public const int StaleHandle = 116;
    public const int QuotaExceeded = 122;

    public static IOException Failure(string doing, string path) => Failure(doing, path, Marshal.GetLastPInvokeError());

    public static IOException Failure(string doing, string path, int error) =>
        error == NoEntry
            ? new FileNotFoundException($"Cannot {doing} {FolderHandle.AsShown(path)}: {Marshal.GetPInvokeErrorMessage(error)}.", FolderHandle.AsShown(path))
            : new IOException($"Cannot {doing} {FolderHandle.AsShown(path)}: {Marshal.GetPInvokeErrorMessage(error)}.", error);
}
