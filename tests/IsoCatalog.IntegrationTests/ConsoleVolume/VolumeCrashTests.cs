using System.Diagnostics;
using IsoCatalog.IntegrationTests.Surfaces;
using IsoCatalog.Surfaces;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.ConsoleVolume;

/// <summary>Another process publishes an image, and strace kills it (SIGKILL) on the way into one system call.</summary>
public sealed class VolumeCrashTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rename", null, 1)]
    [InlineData("pwrite64", "volume/.isocatalog/PART", 1)]
    [InlineData("pwrite64", "volume/.isocatalog/PART", 4)]
    [InlineData("fchmod", "volume/.isocatalog/PART", 1)]
    [InlineData("fsync", "volume/.isocatalog/PART", 1)]
    [InlineData("fsync", "volume/.isocatalog", 1)]
    [InlineData("pread64", "volume/.isocatalog/PART", 1)]
    [InlineData("fsync", "volume/.isocatalog/own", 1)]
    [InlineData("renameat2", "volume/.isocatalog/PART", 1)]
    [InlineData("fsync", "volume", 1)]
    [InlineData("renameat2", "volume/.isocatalog/a.iso.going", 1)]
    [InlineData("unlink", "volume/.isocatalog/a.iso.going", 1)]
    [InlineData("unlink", "volume/.isocatalog/own/a.iso", 1)]
    public async Task Killed_at_any_step_nothing_half_is_visible_and_the_next_start_ends_as_it_should(string call, string? path, int occurrence)
    {
        var (image, bytes) = Prepare();
        var (exitCode, output) = await RunTracedAsync(image, call, path, $"inject={call}:signal=KILL:when={occurrence}");
        Assert.True(exitCode == 137, $"It should have been killed, but ended with {exitCode}.\n{output}");

        var shown = _folder.Combine("volume", "a.iso");
        if (File.Exists(shown))
        {
            Assert.Equal(bytes, await File.ReadAllBytesAsync(shown, Cancel));
        }

        var surface = VolumeCrashChild.Open(_folder.Path);
        Assert.IsType<SurfaceOutcome.Done>(await surface.CheckAsync(Cancel));
        Assert.IsType<SurfaceOutcome.Done>(await surface.StageAsync(image, null, Cancel));
        Assert.False(File.Exists(shown));
        var receipt = Assert.IsType<SurfaceOutcome.Done>(await surface.AdvertiseAsync(image, Cancel)).Evidence!;
        Assert.Equal(bytes, await File.ReadAllBytesAsync(shown, Cancel));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(image.StorePath, Cancel));
        Assert.Empty(await surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel));
        await surface.CheckAsync(Cancel);
        Assert.Equal(
            ["own", "volume"], Directory.GetFileSystemEntries(_folder.Combine("volume", ".isocatalog")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(["a.iso"], Directory.GetFileSystemEntries(_folder.Combine("volume", ".isocatalog", "own")).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("renameat2", null, "error=EINVAL")]
    [InlineData("openat", "volume/.isocatalog/PART", "error=EINVAL:when=2")]
    [InlineData("ioctl", "volume/.isocatalog/PART", "error=EINVAL")]
    public async Task A_file_system_that_lacks_a_call_is_served_by_another_way(string call, string? path, string injection)
    {
        var (image, _) = Prepare();
        var (exitCode, output) = await RunTracedAsync(image, call, path, $"inject={call}:{injection}");
        Assert.True(exitCode == 0, output);
        Assert.Contains("EINVAL (Invalid argument) (INJECTED)", await File.ReadAllTextAsync(_folder.Combine("trace"), Cancel), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Combine("volume")));
    }

    [Theory]
    [InlineData("fsync", "volume/.isocatalog/PART")]
    [InlineData("pread64", "volume/.isocatalog/PART")]
    [InlineData("renameat2", null)]
    public async Task A_disk_that_fails_is_a_refusal_and_shows_nothing(string call, string? path)
    {
        var (image, _) = Prepare();
        var (exitCode, output) = await RunTracedAsync(image, call, path, $"inject={call}:error=EIO");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("Refused { Code = ", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Combine("volume")));
    }

    private (StoredImage Image, byte[] Bytes) Prepare()
    {
        Directory.CreateDirectory(_folder.Combine("volume"));
        return ContractImages.Put(_folder.Combine("store"), "a.iso");
    }

    private async Task<(int ExitCode, string Output)> RunTracedAsync(StoredImage image, string call, string? path, string injection)
    {
        string[] only = path is null ? [] : ["-P", _folder.Combine(path.Replace("PART", image.Root + ".part", StringComparison.Ordinal))];
        using var plain = await PlainPaths.CreateAsync(Cancel);
        var start = new ProcessStartInfo(
            Counterpart.Require("strace"),
            [
                "-f", "-qq", "-E", "LD_PRELOAD=" + plain.Library, "-o", _folder.Combine("trace"), .. only, "-e", $"trace={call}", "-e", injection,
                Environment.ProcessPath!, "-explicit", "only", "-method", $"*.{nameof(VolumeCrashChild.Publish_in_another_process)}",
            ])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[VolumeCrashChild.FolderVariable] = _folder.Path;
        using var child = Process.Start(start)!;
        var output = child.StandardOutput.ReadToEndAsync(Cancel);
        var error = child.StandardError.ReadToEndAsync(Cancel);
        await child.WaitForExitAsync(Cancel);
        return (child.ExitCode, await output + await error);
    }
}
