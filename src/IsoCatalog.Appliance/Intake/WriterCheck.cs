using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Appliance.Intake;

/// <summary>Asks the kernel whether anybody has a file open for writing: a read lease (fcntl(2), F_SETLEASE) is granted only if nobody has.</summary>
internal static partial class WriterCheck
{
    private const int SetSignal = 10;
    private const int SigUrg = 23;
    private const int SetLease = 1024;
    private const int ReadLease = 0;
    private const int Unlock = 2;
    private const int TryAgain = 11;

    /// <summary>False also where it cannot be told (a file of another owner, a file system without leases).</summary>
    public static bool IsOpenForWriting(SafeFileHandle file)
    {
        // Whoever opens the file for writing while the lease stands makes the kernel signal us, and SIGIO would end the process; SIGURG is ignored.
        if (Fcntl(file, SetSignal, SigUrg) != 0)
        {
            return false;
        }

        if (Fcntl(file, SetLease, ReadLease) == 0)
        {
            _ = Fcntl(file, SetLease, Unlock);
            return false;
        }

        return Marshal.GetLastPInvokeError() == TryAgain;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(SafeFileHandle file, int command, nint argument);
}
