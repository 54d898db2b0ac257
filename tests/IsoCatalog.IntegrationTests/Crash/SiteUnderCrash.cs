using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Crash;

/// <summary>A site that is killed again and again, what was acknowledged by it, and the promises that must hold after each start.</summary>
internal sealed class SiteUnderCrash(TestSite site, IDisposable paths, CancellationToken cancellationToken) : IAsyncDisposable
{
    private static readonly string[] Surfaces = ["bmc", "console"];

    private readonly ConcurrentDictionary<string, byte[]> _images = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _promised = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _removed = new(StringComparer.Ordinal);
    private int _made;

    public TestSite Site => site;

    /// <summary>What was acknowledged, and not asked to be removed since.</summary>
    public IReadOnlyCollection<string> Promised => [.. _promised.Keys];

    /// <summary>Every image that was ever made, whatever became of it.</summary>
    public IReadOnlyCollection<string> Made => [.. _images.Keys];

    /// <summary>Its removal was acknowledged.</summary>
    public bool IsRemoved(string name) => _removed.ContainsKey(name);

    public static async Task<SiteUnderCrash> StartAsync(CancellationToken cancellationToken)
    {
        var paths = await PlainPaths.CreateAsync(cancellationToken);
        var options = TestSiteOptions.InOwnProcess with
        {
            Environment = new Dictionary<string, string> { ["LD_PRELOAD"] = paths.Library },

            // It removes again and again what it has, and that is meant.
            Extra = "store: { floor: 1MiB }\nalarms: { changes: 1000000, share: 100 }",
        };
        var crash = new SiteUnderCrash(await TestSite.StartAsync(cancellationToken, options), paths, cancellationToken);
        await crash.AddAsync(crash.NewImage());
        return crash;
    }

    /// <summary>Makes an image that the site has not seen, and gives its file name.</summary>
    public string NewImage(int bytes = 1_000_000)
    {
        var number = Interlocked.Increment(ref _made);
        var name = $"image-{number}.iso";
        _images[name] = IsoBuilder.InMemory("CRASH", bytes, number);
        return name;
    }

    public string IdOf(string name) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(_images[name]));

    /// <summary>Uploads it; what the site acknowledges is promised from then on.</summary>
    public async Task UploadAsync(string name, CancellationToken cancel)
    {
        await Site.Client.UploadImageAsync(new MemoryStream(_images[name]), name, null, null, null, cancel);
        _promised[name] = 0;
    }

    /// <summary>Removes it. While the answer is out, either outcome is right.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancel)
    {
        _promised.TryRemove(name, out _);
        await Site.Client.RemoveImageAsync(IdOf(name), null, cancel);
        _removed[name] = 0;
    }

    public async Task AddAsync(string name)
    {
        await UploadAsync(name, cancellationToken);
        await AdvertisedAsync(name);
    }

    public Task AdvertisedAsync(string name) => TestSite.EventuallyAsync(() => IsAdvertisedAsync(name), cancellationToken);

    public async Task<bool> IsAdvertisedAsync(string name) =>
        (await Site.Client.GetImageAsync(IdOf(name), cancellationToken)).Ready["ams"].Values.All(c => c.State == CellState.Advertised);

    public async Task<bool> IsOfferedAsync(string name)
    {
        foreach (var surface in Surfaces)
        {
            if ((await Site.Client.GetAvailableAsync(new AvailableRequest(surface), cancellationToken)).Images.Any(i => i.Name == name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The promises right after a start: only right bytes are offered, only whole images are visible, nothing promised is missing.</summary>
    public async Task CheckAsync()
    {
        Assert.Empty(Directory.GetFiles(Path.Combine(Site.Data, "staging"), "*", SearchOption.AllDirectories));
        foreach (var surface in Surfaces)
        {
            foreach (var image in (await Site.Client.GetAvailableAsync(new AvailableRequest(surface), cancellationToken)).Images)
            {
                Assert.False(IsRemoved(image.Name), $"{image.Name} is on {surface} again though it was removed.");
                var served = surface == "bmc"
                    ? await FetchAsync(image.Mount.Url ?? image.Mount.Urls!.Http!)
                    : await File.ReadAllBytesAsync(Path.Combine(Site.Console, image.Name), cancellationToken);
                Assert.True(_images[image.Name].AsSpan().SequenceEqual(served), $"{image.Name} on {surface} has other bytes.");
            }
        }

        foreach (var file in Directory.GetFiles(Site.Console))
        {
            // A file may be taken away between the listing and the look: the site is at work.
            if (await TryReadAsync(file) is { } seen)
            {
                Assert.True(_images[Path.GetFileName(file)].AsSpan().SequenceEqual(seen), $"{file} is visible and is no whole image.");
            }
        }

        foreach (var name in Promised)
        {
            await AdvertisedAsync(name);
        }
    }

    /// <summary>
    /// Until the site waits for no disk, however long that takes, and nothing that it keeps has been written for half a second: what is traced then is the work
    /// that is asked for.
    /// </summary>
    public async Task QuietAsync()
    {
        var (last, since) = (LastWrite(), Stopwatch.StartNew());
        while (since.ElapsedMilliseconds < 500)
        {
            await Task.Delay(20, cancellationToken);
            if (LastWrite() is var now && (now != last || WaitsForDisk()))
            {
                (last, since) = (now, Stopwatch.StartNew());
            }
        }
    }

    /// <summary>What was cut off before it was signed is gone: in the store lies nothing that no image of the catalog is. It was looked for at the start.</summary>
    public async Task CheckNoOrphansAsync() => Assert.DoesNotContain((await Site.Client.GetDriftAsync(cancellationToken)).Drift, d => d.Code == "store-orphan");

    /// <summary>In the end nothing is left that an operator would have to look at.</summary>
    public async Task CheckNoDriftAsync()
    {
        var drift = "";
        try
        {
            await TestSite.EventuallyAsync(
                async () => (drift = string.Join("; ", (await Site.Client.GetDriftAsync(cancellationToken)).Drift.Select(d => d.Reason))).Length == 0,
                cancellationToken,
                seconds: 15);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException("Drift remains: " + drift, e);
        }
    }

    /// <summary>What was removed is kept: its bytes are in retired, and the site knows.</summary>
    public Task CheckRestorableAsync(string name) => TestSite.EventuallyAsync(
        async () => (await Site.Client.GetImageAsync(IdOf(name), cancellationToken)) is { Deleted: true, Store.State: "retired" }, cancellationToken);

    /// <summary>kill -9 of the site alone, at once.</summary>
    public async Task KillAsync()
    {
        using (var process = Process.GetProcessById(Site.ProcessId))
        {
            process.Kill();
        }

        await Site.WaitForExitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Site.DisposeAsync();
        paths.Dispose();
    }

    private async Task<byte[]> FetchAsync(string url)
    {
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler);
        return await client.GetByteArrayAsync(url, cancellationToken);
    }

    private DateTime LastWrite() => new[]
    {
        Site.Data, Path.Combine(Site.Data, "isocatalog.db"), Path.Combine(Site.Data, "catalog", "documents", "ams"), Path.Combine(Site.Data, "retired"), Site.Console,
        Path.Combine(Site.Console, ".isocatalog"),
    }.Max(File.GetLastWriteTimeUtc);

    private bool WaitsForDisk()
    {
        using var process = Process.GetProcessById(Site.ProcessId);
        return process.Threads.Cast<ProcessThread>().Any(thread =>
        {
            try
            {
                // proc_pid_stat(5): the state comes after the name, which alone may have a bracket in it.
                var stat = File.ReadAllText($"/proc/{process.Id}/task/{thread.Id}/stat");
                return stat[stat.LastIndexOf(')') + 2] == 'D';
            }
            catch (IOException)
            {
                return false;
            }
        });
    }

    private async Task<byte[]?> TryReadAsync(string path)
    {
        try
        {
            return await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
