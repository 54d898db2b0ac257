using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using IsoCatalog.Testing;
using IsoCatalog.Testing.Wan;
using Xunit;

namespace IsoCatalog.IntegrationTests.Operations;

/// <summary>The commands of README.md, run as they stand there. Only paths and placeholders are replaced, and <c>--watch</c>, which goes on for ever.</summary>
public sealed partial class ReadmeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    [RunsExample("README.md", "isocatalog init")]
    [RunsExample("README.md", "isocatalog add")]
    public async Task A_site_is_made_and_run_and_asked_as_the_page_says()
    {
        var (make, use) = (Assert.Single(PageExamples.Of("README.md", "isocatalog init")), Assert.Single(PageExamples.Of("README.md", "isocatalog add")));
        Counterpart.Require("curl");

        // A network of its own, because the ports are those of the page.
        await using var network = await NetNamespace.CreateAsync("readme", Cancel);
        var image = IsoBuilder.InMemory("DEBIAN", 40_000, 1);
        _folder.Write("debian-12.iso", image);
        using var site = Process.Start(network.Command("bash", ["-c", Script(make)]))!;
        try
        {
            var said = "";
            while (await site.StandardOutput.ReadLineAsync(Cancel) is { } line && !line.Contains("is valid.", StringComparison.Ordinal))
            {
                said += line + "\n";
            }

            await TestSite.EventuallyAsync(async () => (await InsideAsync(network, "isocatalog status")).ExitCode == 0, Cancel, 60);
            var used = (await InsideAsync(
                network,
                $"TOKEN={Token().Match(said).Groups["token"].Value}\n"
                + use.Replace("013f5b44670d81280b5b1bc02455842b250df2f0c6763398feb69af1a805a14f", Convert.ToHexStringLower(SHA256.HashData(image)), StringComparison.Ordinal)
                    .Replace(" --watch", "", StringComparison.Ordinal))).Succeeded();

            Assert.Contains("\"name\":\"debian-12.iso\"", used, StringComparison.Ordinal);
            Assert.Contains("http://10.0.0.5:8088/", used, StringComparison.Ordinal);
        }
        finally
        {
            site.Kill(entireProcessTree: true);
            await site.WaitForExitAsync(CancellationToken.None);
        }
    }

    private Task<ProgramResult> InsideAsync(NetNamespace network, string commands) => network.RunAsync("bash", ["-c", Script(commands)], TimeSpan.FromMinutes(2), Cancel);

    private string Script(string commands) =>
        $$"""
        set -eu
        cd '{{_folder.Path}}'
        export ISOCATALOG_CONFIG='{{_folder.Combine("etc", "site.yaml")}}'
        isocatalog() { dotnet '{{Path.Combine(AppContext.BaseDirectory, "isocatalog.dll")}}' "$@"; }

        """
        + commands.Replace("/etc/isocatalog", _folder.Combine("etc"), StringComparison.Ordinal).Replace("/var/lib/isocatalog", _folder.Combine("data"), StringComparison.Ordinal)
            .Replace("/srv/console-isos", _folder.Combine("isos"), StringComparison.Ordinal);

    [GeneratedRegex(@"^Admin token .*: (?<token>\S+)$", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Token();
}
