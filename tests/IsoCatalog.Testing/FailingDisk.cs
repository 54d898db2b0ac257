using System.Reflection;

namespace IsoCatalog.Testing;

/// <summary>
/// A disk that fails writes and syncs of some files of a site while it is told to (<c>tests/faildisk</c>, compiled here and now and preloaded into the site). To be
/// made before the site is started, and disposed of after it.
/// </summary>
public sealed class FailingDisk : IDisposable
{
    private readonly TempFolder _folder;
    private readonly string _switch;

    private FailingDisk(TempFolder folder, string library, string path)
    {
        _folder = folder;
        _switch = folder.Combine("fail");
        Environment = new Dictionary<string, string> { ["LD_PRELOAD"] = library, ["FAILDISK_PATH"] = path, ["FAILDISK_WHILE"] = _switch };
    }

    /// <summary>What the site has to be started with.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <param name="path">A part of the paths of the files that fail.</param>
    public static async Task<FailingDisk> CreateAsync(string path, CancellationToken cancellationToken)
    {
        var folder = new TempFolder();
        var source = folder.Combine("faildisk.c");
        await using (var code = Assembly.GetExecutingAssembly().GetManifestResourceStream("faildisk.c")!)
        await using (var file = File.Create(source))
        {
            await code.CopyToAsync(file, cancellationToken);
        }

        var library = folder.Combine("faildisk.so");
        (await Counterpart.RunAsync("gcc", ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], cancellationToken)).Succeeded();
        return new FailingDisk(folder, library, path);
    }

    public void Break() => File.WriteAllBytes(_switch, []);

    public void Mend() => File.Delete(_switch);

    public void Dispose() => _folder.Dispose();
}
