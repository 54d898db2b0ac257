namespace IsoCatalog.Testing;

/// <summary>Which calls of a <see cref="FailingDisk"/> fail.</summary>
public enum DiskCall
{
    Any,
    Write,

    /// <summary>fsync(2) and fdatasync(2).</summary>
    Sync,
}

/// <summary>
/// A disk that fails writes and syncs of some files of a site while it is told to (<c>tests/faildisk</c>, compiled here and now and preloaded into the site): those
/// of .NET, of SQLite and our own. To be made before the site is started, and disposed of after it.
/// </summary>
public sealed class FailingDisk : IDisposable
{
    private const int InputOutputError = 5;

    private readonly TempFolder _folder;
    private readonly string _path;
    private readonly string _switch;

    private FailingDisk(TempFolder folder, string library, string path)
    {
        _folder = folder;
        _path = path;
        _switch = folder.Combine("fail");
        Environment = new Dictionary<string, string> { ["LD_PRELOAD"] = library, ["FAILDISK_WHILE"] = _switch };
    }

    /// <summary>What the site has to be started with.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>It failed once, as it was told to.</summary>
    public bool HasFailed => !File.Exists(_switch);

    /// <param name="path">A part of the paths of the files that fail, or their end and a <c>$</c>.</param>
    public static async Task<FailingDisk> CreateAsync(string path, CancellationToken cancellationToken)
    {
        var folder = new TempFolder();
        return new FailingDisk(folder, await PreloadedLibrary.CompileAsync("faildisk", folder, cancellationToken), path);
    }

    /// <summary>From now on, until <see cref="Mend"/>.</summary>
    /// <param name="path">Other files than those that it was made for.</param>
    /// <param name="error">An error number.</param>
    public void Break(DiskCall call = DiskCall.Any, string? path = null, int error = InputOutputError) => Set(call, "always", path, error);

    /// <summary>The next call alone.</summary>
    public void BreakOnce(DiskCall call = DiskCall.Any, string? path = null, int error = InputOutputError) => Set(call, "once", path, error);

    public void Mend() => File.Delete(_switch);

    public void Dispose() => _folder.Dispose();

    private void Set(DiskCall call, string times, string? path, int error)
    {
        // Whole or not at all: the site may look at any moment.
        File.WriteAllText(_switch + ".next", $"{call.ToString().ToLowerInvariant()} {times} {error} {path ?? _path}");
        File.Move(_switch + ".next", _switch, overwrite: true);
    }
}
