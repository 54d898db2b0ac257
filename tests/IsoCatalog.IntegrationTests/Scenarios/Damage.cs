using System.Runtime.InteropServices;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>What somebody does to a file that is not theirs to touch.</summary>
internal static partial class Damage
{
    private const int CurrentFolder = -100;
    private const uint ExchangeNames = 2;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task DoAsync(string path, string damage)
    {
        var writes = damage is "truncated" or "edited in place" or "appended";
        if (writes && !Environment.IsPrivilegedProcess)
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        switch (damage)
        {
            case "deleted":
                File.Delete(path);
                break;
            case "truncated":
                await using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    file.SetLength(file.Length / 2);
                }

                break;
            case "replaced":
                await File.WriteAllBytesAsync(path + ".other", new byte[new FileInfo(path).Length], Cancel);
                File.Move(path + ".other", path, overwrite: true);
                break;
            case "renamed away":
                File.Move(path, path + ".moved", overwrite: true);
                break;
            case "edited in place":
                (await Counterpart.RunAsync(
                    "dd", ["if=/dev/urandom", $"of={path}", "bs=16", "count=1", "seek=70000", "conv=notrunc", "status=none"], Cancel)).Succeeded();
                break;
            case "appended":
                await File.AppendAllTextAsync(path, "x", Cancel);
                break;
            case "made writable":
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                break;
            case "a dangling link":
                File.CreateSymbolicLink(path + ".other", "/nowhere/at/all");
                File.Move(path + ".other", path, overwrite: true);
                break;
            case "a folder":
                Directory.CreateDirectory(path + ".other");

                // In one step: in two, it is first a file that is gone.
                Assert.Equal(0, Exchange(CurrentFolder, path, CurrentFolder, path + ".other", ExchangeNames));
                File.Move(path + ".other", path + ".moved", overwrite: true);
                break;
            case "given to somebody else":
                Assert.SkipUnless(Environment.IsPrivilegedProcess, "Giving a file to somebody else needs root.");
                (await Counterpart.RunAsync("chown", ["65534:65534", path], Cancel)).Succeeded();
                break;
            case "touched":
                File.SetLastWriteTimeUtc(path, Witness.Now.UtcDateTime.AddDays(-1));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(damage), damage, null);
        }
    }

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Exchange(int oldFolder, string oldPath, int newFolder, string newPath, uint flags);
}
