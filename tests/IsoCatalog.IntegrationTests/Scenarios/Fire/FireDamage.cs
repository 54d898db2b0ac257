namespace IsoCatalog.IntegrationTests.Scenarios.Fire;

/// <summary>What hands, broken disks and careless scripts do to a file. Each is one system call that changes what a reader gets, or looks as if it did.</summary>
internal static partial class FireDamage
{
    public static readonly string[] Kinds =
        ["deleted", "truncated", "edited", "appended", "replaced", "renamed away", "made writable", "touched", "dangling link", "folder in its place"];

    /// <summary>In one step each takes the name of the other. False when one of them is not there.</summary>
    public static bool Exchange(string one, string other) => Rename(-100, one, -100, other, flags: 2) == 0;

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = System.Runtime.InteropServices.StringMarshalling.Utf8)]
    private static partial int Rename(int fromFolder, string from, int toFolder, string to, uint flags);

    /// <returns>False when there was nothing to damage.</returns>
    public static bool Do(string kind, string path, Random random, Func<IDisposable> damaging)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        var beside = path + ".fire";
        try
        {
            switch (kind)
            {
                case "deleted":
                    Timed(() => File.Delete(path));
                    break;
                case "truncated":
                    Write(file => RandomAccess.SetLength(file, RandomAccess.GetLength(file) / 2));
                    break;
                case "edited":
                    Write(file => RandomAccess.Write(file, BitConverter.GetBytes(random.NextInt64()), random.NextInt64(RandomAccess.GetLength(file) - 8)));
                    break;
                case "appended":
                    Write(file => RandomAccess.Write(file, [1, 2, 3], RandomAccess.GetLength(file)));
                    break;
                case "replaced":
                    File.WriteAllBytes(beside, new byte[new FileInfo(path).Length]);
                    Timed(() => File.Move(beside, path, overwrite: true));
                    break;
                case "renamed away":
                    Timed(() => File.Move(path, beside, overwrite: true));
                    File.Delete(beside);
                    break;
                case "made writable":
                    Timed(() => File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite));
                    break;
                case "touched":
                    Timed(() => File.SetLastWriteTimeUtc(path, Witness.Now.UtcDateTime.AddDays(-1)));
                    break;
                case "dangling link":
                    File.CreateSymbolicLink(beside, "/nowhere/at/all");
                    Timed(() => File.Move(beside, path, overwrite: true));
                    break;
                case "folder in its place":
                    using (damaging())
                    {
                        File.Delete(path);
                        Directory.CreateDirectory(path);
                    }

                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // It was taken away or repaired in the same moment.
            File.Delete(beside);
            return false;
        }

        void Timed(Action call)
        {
            using (damaging())
            {
                call();
            }
        }

        void Write(Action<Microsoft.Win32.SafeHandles.SafeFileHandle> change)
        {
            if (!Environment.IsPrivilegedProcess)
            {
                Timed(() => File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite));
            }

            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            Timed(() => change(file));
        }
    }
}
