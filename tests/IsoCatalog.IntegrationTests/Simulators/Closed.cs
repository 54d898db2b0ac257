using System.Runtime.InteropServices;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Simulators;

/// <summary>What others leave in the folder of an ISO domain, and what vdsm cannot look at.</summary>
internal static partial class Closed
{
    /// <summary>A folder of this process's own user and group, whoever it belonged to, with that mode.</summary>
    public static void Make(string folder, string mode)
    {
        Directory.CreateDirectory(folder);
        if (Environment.IsPrivilegedProcess)
        {
            Assert.Equal(0, ChangeOwner(folder, 0, 0));
        }

        File.SetUnixFileMode(folder, (UnixFileMode)Convert.ToInt32(mode, 8));
    }

    /// <summary>A file whose name is in Latin-1: <c>caf\xe9.iso</c>.</summary>
    public static async Task LatinNameAsync(string folder) => (await Counterpart.RunAsync(
        "bash", ["-c", "cd \"$1\" && echo > \"$(printf 'caf\\351.iso')\" && chmod 0644 caf*.iso", "-", folder], TestContext.Current.CancellationToken)).Succeeded();

    /// <summary>.NET cannot name it, and so not remove it either.</summary>
    public static async Task RemoveLatinNameAsync(string folder) =>
        (await Counterpart.RunAsync("bash", ["-c", "rm -f \"$1\"/caf*.iso", "-", folder], TestContext.Current.CancellationToken)).Succeeded();

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
