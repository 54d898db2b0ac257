using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Deploy;

/// <summary>What is built from is held by the lock files, on every machine.</summary>
public sealed class RestoreTests
{
    private static readonly string[] Held = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "BannedSymbols.txt", "nuget.config", "global.json"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("missing", "packages.lock.json is missing")]
    [InlineData("of another version", "NU1004")]
    public async Task A_restore_that_the_lock_file_does_not_hold_fails_whoever_asks_for_it(string lockFile, string says)
    {
        using var folder = new TempFolder();
        foreach (var file in Held)
        {
            File.Copy(OpenApiDocumentTests.RepositoryFile(file), folder.Combine(file));
        }

        Directory.CreateDirectory(folder.Combine("src"));
        File.Copy(OpenApiDocumentTests.RepositoryFile("src/IsoCatalog.Core/IsoCatalog.Core.csproj"), folder.Combine("src", "IsoCatalog.Core.csproj"));
        if (lockFile != "missing")
        {
            var held = await File.ReadAllTextAsync(OpenApiDocumentTests.RepositoryFile("src/IsoCatalog.Core/packages.lock.json"), Cancel);
            await File.WriteAllTextAsync(folder.Combine("src", "packages.lock.json"), held.Replace("\"requested\": \"[", "\"requested\": \"[1", StringComparison.Ordinal), Cancel);
        }

        var restored = await Counterpart.RunAsync("dotnet", ["restore", folder.Combine("src", "IsoCatalog.Core.csproj")], Cancel);

        Assert.NotEqual(0, restored.ExitCode);
        Assert.Contains(says, restored.Output, StringComparison.Ordinal);
    }
}
