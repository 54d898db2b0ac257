using System.IO.Enumeration;

namespace IsoCatalog.Appliance.Store;

/// <summary>What lies below a folder of the site, whose files are looked for in order to be moved or deleted.</summary>
internal static class OwnTree
{
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.None,
        IgnoreInaccessible = false,
    };

    /// <summary>All but folders. A link counts as itself: what it leads to is somebody else's, and is not entered.</summary>
    /// <param name="folder">Where to begin.</param>
    /// <param name="pattern">Of the names, with * and ?.</param>
    public static IEnumerable<string> Files(string folder, string pattern = "*") => new FileSystemEnumerable<string>(
        folder, static (ref FileSystemEntry entry) => entry.ToFullPath(), Everything)
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) =>
            (IsLink(ref entry) || !entry.IsDirectory) && FileSystemName.MatchesSimpleExpression(pattern, entry.FileName, ignoreCase: false),
        ShouldRecursePredicate = static (ref FileSystemEntry entry) => !IsLink(ref entry),
    };

    private static bool IsLink(ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) != FileAttributes.None;
}
