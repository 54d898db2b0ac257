namespace IsoCatalog.Testing;

/// <summary>A library to be preloaded (<c>tests/plainpaths</c>), so that a tracer sees the paths of files that a program names by the handle of their folder.</summary>
public sealed class PlainPaths : IDisposable
{
    private readonly TempFolder _folder;

    private PlainPaths(TempFolder folder, string library) => (_folder, Library) = (folder, library);

    /// <summary>For LD_PRELOAD.</summary>
    public string Library { get; }

    public static async Task<PlainPaths> CreateAsync(CancellationToken cancellationToken)
    {
        var folder = new TempFolder();
        return new PlainPaths(folder, await PreloadedLibrary.CompileAsync("plainpaths", folder, cancellationToken));
    }

    public void Dispose() => _folder.Dispose();
}
