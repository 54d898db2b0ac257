using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Folders;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.ConsoleVolume;

/// <summary>
/// A folder that shows exactly the ready images: what the HTML5 console mounts, or an NFS or SMB export. docs/volume.md says what
/// an operator sees. Watching the folder is the appliance's business (<see cref="Folder"/>).
/// </summary>
public sealed class ConsoleVolumeSurface : ISurface
{
    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly ConsoleVolumeOptions _options;
    private readonly FolderLayout _layout;
    private readonly ImageFolder _folder;
    private readonly VolumeMarker _marker;

    /// <param name="options">Validated by the caller.</param>
    /// <param name="expectedMarker">The volume id that <paramref name="remember"/> was last given; null if this surface never saw its volume.</param>
    /// <param name="remember">Keeps the volume id for the next start; called after the marker is on the disk, before anything is published.</param>
    /// <param name="logger">Tells what was moved aside.</param>
    public ConsoleVolumeSurface(
        ConsoleVolumeOptions options, string? expectedMarker, Func<string, CancellationToken, Task>? remember, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _layout = new FolderLayout(options.Path, below: [], hiddenAbove: 0, retires: false, logger);
        _marker = new VolumeMarker(options.Name, _layout, expectedMarker, remember, logger);
        _folder = new ImageFolder(options.Name, _layout, new StagingRules(ReadableByAll, options.ReadOnly), _marker.AbsenceAsync, logger);
        Description = new SurfaceDescription(options.Name, "volume", options.Group, options.ReadOnly, _layout.Path);
    }

    public SurfaceDescription Description { get; }

    /// <summary>Absolute path of what clients see, to be watched; not recursive.</summary>
    public string Folder => _layout.Path;

    /// <summary>Whether a name in <see cref="Folder"/> is the appliance's own and no news.</summary>
    public static bool IsOwnName(string? name) => name == FolderLayout.HiddenName;

    /// <summary>The volume's id; null until it was first seen.</summary>
    public string? Marker => _marker.Id;

    public Task<SurfaceOutcome> CheckAsync(CancellationToken cancellationToken) => _folder.CheckAsync(cancellationToken);

    public Task<SurfaceOutcome> StageAsync(StoredImage image, IProgress<long>? bytesDone, CancellationToken cancellationToken) =>
        _folder.StageAsync(image, bytesDone, cancellationToken);

    public Task<SurfaceOutcome> AdvertiseAsync(StoredImage image, CancellationToken cancellationToken) => _folder.AdvertiseAsync(image, cancellationToken);

    public Task<SurfaceOutcome> WithdrawAsync(StoredImage image, Evidence? published, CancellationToken cancellationToken) =>
        _folder.WithdrawAsync(image, published, cancellationToken);

    public Task<SurfaceOutcome> ResumeAsync(StoredImage image, Evidence published, CancellationToken cancellationToken) =>
        _folder.ResumeAsync(image, published, cancellationToken);

    public Task<SurfaceOutcome> VerifyAsync(
        StoredImage image, Evidence published, IProgress<long>? bytesDone, CancellationToken cancellationToken) =>
        _folder.VerifyAsync(image, published, bytesDone, cancellationToken);

    public Task<IReadOnlyList<SurfaceFinding>> ObserveAsync(
        IReadOnlyCollection<PublishedImage> expected, CancellationToken cancellationToken) => _folder.ObserveAsync(expected, cancellationToken);

    public SurfaceMount MountOf(StoredImage image, Evidence? published)
    {
        string? Fill(string? template) => template?.Replace("{fileName}", image.FileName, StringComparison.Ordinal);
        var smb = Fill(_options.SmbTemplate);
        var nfs = Fill(_options.NfsTemplate);
        return new SurfaceMount(
            Path: _layout.NameOf(image),
            ClientPath: _options.ClientPath is { } client ? $"{client.TrimEnd('/')}/{image.FileName}" : _layout.NameOf(image),
            Urls: smb is null && nfs is null ? null : new SurfaceUrls(Smb: smb, Nfs: nfs));
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
