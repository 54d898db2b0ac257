using System.Runtime.InteropServices;

namespace IsoCatalog.Surfaces.Files;

/// <summary>What this process may do in a folder, or with a file, without doing it.</summary>
public static class FolderAccess
{
    private const int MayListAndSearch = 4 | 1;
    private const int MayReadAndWrite = 4 | 2;

    /// <summary>Why its entries cannot be listed and looked at, in the system's words; null when they can.</summary>
    public static string? WhyNotListed(string path) => Why(path, MayListAndSearch);

    /// <summary>Why nothing can be made or removed in it. A sticky folder may still keep what belongs to others.</summary>
    public static string? WhyNotChanged(string path) => Why(path, Libc.MayWriteAndSearch);

    /// <summary>Why a file that is there cannot be read and changed.</summary>
    public static string? WhyFileNotChanged(string path) => Why(path, MayReadAndWrite);

    private static string? Why(string path, int mode) =>
        Libc.Access(Libc.AtFdCwd, path, mode, Libc.AtEffectiveAccess) == 0 ? null : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
}
