using System.Reflection;

namespace IsoCatalog.Testing;

/// <summary>A library in C that comes with these tests, compiled here and now, for <c>LD_PRELOAD</c>.</summary>
internal static class PreloadedLibrary
{
    /// <returns>Its path in the folder.</returns>
    public static async Task<string> CompileAsync(string name, TempFolder folder, CancellationToken cancellationToken)
    {
        var source = folder.Combine(name + ".c");
        foreach (var part in new[] { "preloaded.h", name + ".c" })
        {
            await using var code = Assembly.GetExecutingAssembly().GetManifestResourceStream(part)!;
            await using var file = File.Create(folder.Combine(part));
            await code.CopyToAsync(file, cancellationToken);
        }

        var library = folder.Combine(name + ".so");
        (await Counterpart.RunAsync("gcc", ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], cancellationToken)).Succeeded();
        return library;
    }
}
