using System.Runtime.InteropServices;

namespace IsoCatalog.Surfaces.Files;

/// <summary>What this process may do in a folder, without doing it.</summary>
public static class FolderAccess
{
    private const int MayListAndSearch = 4 | 1;

    /// <summary>Why its entries cannot be listed and looked at, in the system's words; null when they can.</summary>
    public static string? WhyNotListed(string path) => Why(path, MayListAndSearch);

    /// <summary>Why nothing can be made or removed in it. A sticky folder may still keep what belongs to others.</summary>
    public static string? WhyNotChanged(string path) => Why(path, Libc.MayWriteAndSearch);

    private static string? Why(string path, int mode) =>
        Libc.Access(Libc.AtFdCwd, path, mode, Libc.AtEffectiveAccess) == 0 ? null : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
}
