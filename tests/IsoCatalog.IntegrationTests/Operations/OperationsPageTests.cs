using System.Text.RegularExpressions;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Operations;

/// <summary>The commands of docs/operations, run by a shell as they stand there, in the order of the page. Only paths and placeholders are replaced.</summary>
public sealed partial class OperationsPageTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    [RunsExample("docs/operations/images.md")]
    public async Task Images_are_added_replaced_removed_and_recalled_as_the_page_says()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        _folder.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 40_000, 1));
        _folder.Write("debian-12.1.iso", IsoBuilder.InMemory("DEBIAN", 40_000, 2));
        Directory.CreateDirectory(_folder.Combine("new"));
        _folder.Write(Path.Combine("new", "debian-12.iso"), IsoBuilder.InMemory("DEBIAN", 40_000, 3));
        var setting = "";
        foreach (var block in PageExamples.Of("docs/operations/images.md"))
        {
            setting += string.Concat(block.Split('\n').Where(line => line.StartsWith("SOCKET=", StringComparison.Ordinal)).Select(line => line + "\n"));
            await ShellAsync(site.ConfigurationPath, $"{setting}{block}".Replace("/var/lib/isocatalog", site.Data, StringComparison.Ordinal));
        }

        Assert.Contains("SOCKET=", setting, StringComparison.Ordinal);
        Assert.Equal(["debian-12.1.iso"], (await site.Client.GetImagesAsync(Cancel)).Images.Select(i => i.Name));
        await TestSite.EventuallyAsync(
            async () => (await site.Client.GetAvailableAsync(new AvailableRequest("ipmi"), Cancel)).Images is [{ Name: "debian-12.1.iso", Aliases: ["debian-12-latest"] }], Cancel);
    }

    [Fact]
    [RunsExample("docs/operations/full-disk.md")]
    public async Task A_full_disk_is_looked_into_as_the_page_says()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        foreach (var block in PageExamples.Of("docs/operations/full-disk.md"))
        {
            await ShellAsync(site.ConfigurationPath, block.Replace("/var/lib/isocatalog", site.Data, StringComparison.Ordinal));
        }

        // What the page says may be found there.
        var page = await File.ReadAllTextAsync(OpenApiDocumentTests.RepositoryFile("docs/operations/full-disk.md"), Cancel);
        Assert.All(FolderRow().Matches(page).Select(m => m.Groups["folder"].Value), folder => Assert.True(Directory.Exists(Path.Combine(site.Data, folder)), folder));
    }

    [Fact]
    [RunsExample("docs/operations/lost-site.md")]
    public async Task A_lost_site_is_taken_out_and_made_anew_as_the_page_says()
    {
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "msk");
        var ams = fleet["ams"];
        await ams.StartAgainAsync(Cancel);
        var blocks = PageExamples.Of("docs/operations/lost-site.md");
        Assert.Equal(4, blocks.Count);
        File.Copy(ams.RootKey, _folder.Combine("root-key.pem"));
        var renewed = _folder.Combine("msk", "site.yaml");

        await ShellAsync(ams.ConfigurationPath, blocks[0]);
        var asked = await ShellAsync(renewed, blocks[1].Replace("/var/lib/isocatalog", _folder.Combine("msk", "data"), StringComparison.Ordinal));
        File.Copy(_folder.Combine("msk", "data", "join-request.json"), _folder.Combine("join-request.json"));
        await ShellAsync(ams.ConfigurationPath, blocks[2].Replace("FINGERPRINT", Fingerprint().Match(asked).Groups["text"].Value, StringComparison.Ordinal));
        await ShellAsync(renewed, blocks[3]);

        var (exit, shown, _) = await TestSite.RunAsync(["trust", "show", "--config", ams.ConfigurationPath, "--json"], Cancel);
        Assert.Equal(0, exit);
        Assert.Contains("msk", shown, StringComparison.Ordinal);
        (exit, shown, _) = await TestSite.RunAsync(["trust", "show", "--config", renewed], Cancel);
        Assert.Equal(0, exit);
        Assert.Contains("version 4", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docs/threat-model.md", 50)]
    [InlineData("docs/operations/damage.md", 20)]
    public async Task Every_test_that_a_page_names_exists(string path, int atLeast)
    {
        var page = await File.ReadAllTextAsync(OpenApiDocumentTests.RepositoryFile(path), Cancel);
        var named = TestName().Matches(page).Select(m => m.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        Assert.True(named.Count > atLeast);
        var there = Directory.EnumerateFiles(OpenApiDocumentTests.RepositoryFile("tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Append(OpenApiDocumentTests.RepositoryFile("tests/IsoCatalog.IntegrationTests/Surfaces/SurfaceContract.cs"))
            .SelectMany(f => Method().Matches(File.ReadAllText(f))).Select(m => m.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(named.Except(there).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Each_kind_of_damage_has_a_code_that_panels_know_and_an_alert_that_fires()
    {
        var rows = (await File.ReadAllLinesAsync(OpenApiDocumentTests.RepositoryFile("docs/operations/damage.md"), Cancel)).Where(l => l.StartsWith("| ", StringComparison.Ordinal)).ToList();
        var alerts = rows.SelectMany(r => Alert().Matches(r).Select(m => m.Value)).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(alerts.Except(Telemetry.AlertFiles.Alerts().Select(a => a.Name)));
        var reasons = await File.ReadAllTextAsync(OpenApiDocumentTests.RepositoryFile("docs/panel.md"), Cancel);
        var codes = rows.SelectMany(r => Code().Matches(r).Select(m => m.Value)).Distinct().ToList();
        Assert.Contains("`data-missing`", codes);
        Assert.All(codes, code => Assert.True(reasons.Contains($"| {code} |", StringComparison.Ordinal) || code is "`store-doubted`" or "`database-lost`", code));
    }

    [Fact]
    public async Task Every_link_between_the_pages_leads_somewhere()
    {
        var docs = OpenApiDocumentTests.RepositoryFile("docs");
        string[] pages = [.. Directory.EnumerateFiles(docs, "*.md", SearchOption.AllDirectories), OpenApiDocumentTests.RepositoryFile("README.md"), OpenApiDocumentTests.RepositoryFile("deploy/prometheus/README.md")];
        var broken = new List<string>();
        foreach (var page in pages)
        {
            foreach (Match link in Link().Matches(await File.ReadAllTextAsync(page, Cancel)))
            {
                var target = link.Groups["path"].Value is "" ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, link.Groups["path"].Value));
                if (!File.Exists(target) && !Directory.Exists(target))
                {
                    broken.Add($"{page}: {link.Groups["path"].Value}");
                }
                else if (link.Groups["anchor"].Value is { Length: > 0 } anchor
                    && !Heading().Matches(await File.ReadAllTextAsync(target, Cancel)).Any(h => Anchor(h.Groups["title"].Value) == anchor))
                {
                    broken.Add($"{page}: {link.Groups["path"].Value}#{anchor}");
                }
            }
        }

        Assert.Empty(broken);

        static string Anchor(string title) => new([.. title.ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_').Select(c => c == ' ' ? '-' : c)]);
    }

    private async Task<string> ShellAsync(string configuration, string block) => (await Counterpart.RunAsync(
        "bash",
        ["-c", $"set -eu\nexport ISOCATALOG_CONFIG='{configuration}'\ncd '{_folder.Path}'\nisocatalog() {{ dotnet '{Path.Combine(AppContext.BaseDirectory, "isocatalog.dll")}' \"$@\"; }}\n{block}"],
        Cancel)).Succeeded();

    [GeneratedRegex("^\\| `(?<folder>[a-z]+)` \\|", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex FolderRow();

    [GeneratedRegex(@"^Fingerprint: +(?<text>\S+)", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Fingerprint();

    [GeneratedRegex("`(?<name>[A-Z][a-z0-9]*(_[A-Za-z0-9]+){2,})`", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex TestName();

    [GeneratedRegex(@"public (async )?(Task|void) (?<name>\w+)\(", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Method();

    [GeneratedRegex("IsoCatalog[A-Z][A-Za-z]+", RegexOptions.NonBacktracking)]
    private static partial Regex Alert();

    [GeneratedRegex("`[a-z]+-[a-z-]+`", RegexOptions.NonBacktracking)]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\((?<path>[^)#:\s]*)(#(?<anchor>[^)]+))?\)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (?<title>.+)$", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Heading();
}
