using IsoCatalog.Benchmarks.Api;
using IsoCatalog.Benchmarks.Ipmi;

namespace IsoCatalog.Benchmarks;

/// <summary>A temporary folder for the whole run, deleted at its end.</summary>
internal sealed class BenchmarkFolder(bool quick) : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "isocatalog-" + Guid.NewGuid().ToString("N")));
    private string? _image;
    private PanelSite? _panelSite;
    private IsoSite? _isoSite;

    public bool Quick => quick;

    public string FullName => _folder.FullName;

    /// <summary>A file of random bytes, 1 GiB or with <c>--quick</c> 256 MiB, just written and so in the page cache.</summary>
    public async Task<string> ImageAsync(CancellationToken cancellationToken)
    {
        if (_image is null)
        {
            var length = (quick ? 256L : 1024L) << 20;
            var path = Path.Combine(FullName, "image.iso");
            if (new DriveInfo(FullName).AvailableFreeSpace < length * 2)
            {
                throw new BenchmarkException($"Not enough room for an image of {length >> 20} MiB in {Path.GetTempPath()}; set TMPDIR to a folder that has it.");
            }

            var block = new byte[4 << 20];
            var random = new Random(1);
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
            for (var written = 0L; written < length; written += block.Length)
            {
                random.NextBytes(block);
                await file.WriteAsync(block, cancellationToken);
            }

            _image = path;
        }

        return _image;
    }

    /// <summary>A site with 1,000 images and nginx beside it, started once; both end with this folder.</summary>
    public async Task<PanelSite> PanelSiteAsync(CancellationToken cancellationToken) =>
        _panelSite ??= await PanelSite.StartAsync(FullName, cancellationToken);

    /// <summary>A site with one image and nginx beside it, started once; both end with this folder.</summary>
    public async Task<IsoSite> IsoSiteAsync(CancellationToken cancellationToken) => _isoSite ??= await IsoSite.StartAsync(this, cancellationToken);

    /// <summary>To be called right before a run. It gets more than it will write, because the kernel does not take what was free last.</summary>
    /// <param name="bytes">What the run will write.</param>
    public void TouchMemory(long bytes) => FreeMemory.Touch((quick ? 2 : 8) * bytes);

    public async ValueTask DisposeAsync()
    {
        foreach (var site in new IAsyncDisposable?[] { _panelSite, _isoSite })
        {
            if (site is not null)
            {
                await site.DisposeAsync();
            }
        }

        _folder.Delete(recursive: true);
    }
}
