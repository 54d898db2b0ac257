namespace IsoCatalog.Surfaces.Files;

/// <summary>How many files this process has open, and may have open: sockets, pipes and the program's own libraries are files too.</summary>
public static unsafe class OpenFiles
{
    /// <summary>At most so many at once. The runtime raises it to what the process may ask for by itself, when it starts.</summary>
    public static long Limit
    {
        get
        {
            Libc.ResourceLimit limit;
            return Libc.GetLimit(Libc.LimitOfFiles, &limit) == 0 && limit.Now < long.MaxValue ? (long)limit.Now : long.MaxValue;
        }
    }

    /// <summary>Null when not even the look was possible, because none is left.</summary>
    public static int? Count()
    {
        try
        {
            // The look itself is one of them.
            return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - 1;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
