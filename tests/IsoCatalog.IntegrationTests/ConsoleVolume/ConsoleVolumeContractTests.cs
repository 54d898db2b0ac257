using IsoCatalog.IntegrationTests.Surfaces;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.ConsoleVolume;

namespace IsoCatalog.IntegrationTests.ConsoleVolume;

/// <summary>A volume whose files are copies of their own.</summary>
public sealed class ConsoleVolumeContractTests : VolumeContract
{
    protected override bool ReadOnly => false;
}

/// <summary>A volume whose files are hard links to the store's.</summary>
public sealed class ReadOnlyConsoleVolumeContractTests : VolumeContract
{
    protected override bool ReadOnly => true;
}

public abstract class VolumeContract : FileSurfaceContract
{
    private string? _marker;

    protected abstract bool ReadOnly { get; }

    protected override Task<ISurface> CreateAsync()
    {
        Directory.CreateDirectory(Path.Combine(Root, "volume"));
        return Task.FromResult<ISurface>(new ConsoleVolumeSurface(
            new ConsoleVolumeOptions("console-1", "console", Path.Combine(Root, "volume"), "/isos", ReadOnly, TimeSpan.FromSeconds(10)),
            _marker,
            (marker, _) =>
            {
                _marker = marker;
                return Task.CompletedTask;
            }));
    }

    protected override async Task<byte[]?> SeenByClientAsync(StoredImage image)
    {
        var path = ServedPath(image);
        return File.Exists(path) ? await File.ReadAllBytesAsync(path, Cancel) : null;
    }

    protected override string ServedPath(StoredImage image) => Path.Combine(Root, "volume", image.FileName);
}
