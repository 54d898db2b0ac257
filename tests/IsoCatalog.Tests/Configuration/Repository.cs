namespace IsoCatalog.Tests.Configuration;

/// <summary>Files of the working tree that the tests read.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Cases => Path.Combine(Root, "tests", "IsoCatalog.Tests", "Configuration", "Cases");

    public static string Config => Path.Combine(Root, "config");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "IsoCatalog.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the working tree.");
    }
}
