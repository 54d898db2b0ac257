using System.Xml.Linq;
using IsoCatalog.Tests.Configuration;

namespace IsoCatalog.Tests.Architecture;

/// <summary>The source files of the repository.</summary>
internal static class SourceTree
{
    public static string Source { get; } = Path.Combine(Repository.Root, "src");

    /// <summary>Paths of all C# files that people wrote.</summary>
    public static IEnumerable<string> Files(string under) => Directory.EnumerateFiles(under, "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    /// <summary>Project name to the names of the projects that it references itself.</summary>
    public static Dictionary<string, string[]> ProjectReferences() => Directory
        .EnumerateFiles(Source, "*.csproj", SearchOption.AllDirectories)
        .ToDictionary(
            f => Path.GetFileNameWithoutExtension(f),
            f => XDocument.Load(f).Descendants("ProjectReference")
                .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value))
                .ToArray());

    public static string Relative(string path) => Path.GetRelativePath(Path.GetDirectoryName(Source)!, path);
}
