using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Files;

/// <summary>A file system of its own, mounted on a temporary folder. Needs root: otherwise the test is skipped by name.</summary>
public sealed class MountedFolder : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string? _over;
    private bool _mounted;

    private MountedFolder(string? over = null) => _over = over;

    public string Path => _over ?? _folder.Combine("mount");

    /// <summary>The file that holds the file system, or the folder that <see cref="OverAsync"/> mounts; the tmpfs has none.</summary>
    public string Device => _folder.Combine("device");

    public static async Task<MountedFolder> TmpfsAsync(string size)
    {
        var mounted = Prepare();
        await mounted.MountAsync("-t", "tmpfs", "-o", $"size={size}", "isocatalog-test");
        return mounted;
    }

    public static async Task<MountedFolder> LoopAsync(string mkfs, long size)
    {
        Counterpart.Require(mkfs);
        var mounted = Prepare();
        await using (var device = File.Create(mounted.Device))
        {
            device.SetLength(size);
        }

        (await Counterpart.RunAsync(mkfs, ["-q", mounted.Device], TestContext.Current.CancellationToken)).Succeeded();
        await mounted.MountAsync("-o", "loop", mounted.Device);
        return mounted;
    }

    /// <summary>What is in a folder lies on a disk of its own from now on, of that size.</summary>
    public static async Task<MountedFolder> DiskOverAsync(string folder, string mkfs, long size)
    {
        Counterpart.Require(mkfs);
        var mounted = Prepare(folder);
        await using (var device = File.Create(mounted.Device))
        {
            device.SetLength(size);
        }

        (await Counterpart.RunAsync(mkfs, ["-q", mounted.Device], TestContext.Current.CancellationToken)).Succeeded();
        var before = mounted._folder.Combine("before");
        Directory.Move(folder, before);
        Directory.CreateDirectory(folder);
        await mounted.MountAsync("-o", "loop", mounted.Device);
        (await Counterpart.RunAsync("cp", ["-a", before + "/.", folder], TestContext.Current.CancellationToken)).Succeeded();
        return mounted;
    }

    /// <summary>What is in a folder lies on a file system of its own from now on, which is mounted there; unmounted, the folder is empty.</summary>
    public static async Task<MountedFolder> OverAsync(string folder)
    {
        var mounted = Prepare(folder);
        Directory.Move(folder, mounted.Device);
        Directory.CreateDirectory(folder);
        await mounted.MountAgainAsync();
        return mounted;
    }

    /// <summary>The same file system, after <see cref="UnmountAsync"/>; of a folder that <see cref="OverAsync"/> took.</summary>
    public Task MountAgainAsync() => MountAsync("--bind", Device);

    public async Task RemountAsync(string options) => (await Counterpart.RunAsync(
        "mount", ["-o", $"remount,{options}", Path], TestContext.Current.CancellationToken)).Succeeded();

    /// <param name="lazily">Also while somebody has a file of it open.</param>
    public async Task UnmountAsync(bool lazily = false)
    {
        (await Counterpart.RunAsync("umount", lazily ? ["-l", Path] : [Path], TestContext.Current.CancellationToken)).Succeeded();
        _mounted = false;
    }

    public async ValueTask DisposeAsync()
    {
        if (_mounted)
        {
            await Counterpart.RunAsync("umount", ["-l", Path], CancellationToken.None);
        }

        _folder.Dispose();
    }

    private static MountedFolder Prepare(string? over = null)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Mounting a file system needs root.");
        Counterpart.Require("mount");
        var mounted = new MountedFolder(over);
        Directory.CreateDirectory(mounted.Path);
        return mounted;
    }

    private async Task MountAsync(params string[] arguments)
    {
        (await Counterpart.RunAsync("mount", [.. arguments, Path], TestContext.Current.CancellationToken)).Succeeded();
        _mounted = true;
    }
}
