using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Operations;

/// <summary>Every example of the documents is run by a test, or says of itself that nobody runs it.</summary>
public sealed partial class PageExamplesTests : IDisposable
{
    /// <summary>Of config/ and deploy/: the programs and files that no other test of this project names, with who tries them.</summary>
    private static readonly string[] TriedByHand = ["deploy/pack.sh", "deploy/precompile.sh", "deploy/ansible/ovirt-refresh.yaml", "config/site.schema.json", "config/examples/"];

    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_example_of_the_documents_is_run_by_a_test_or_marked()
    {
        var claims = typeof(PageExamplesTests).Assembly.GetTypes().SelectMany(type => type.GetMethods()).SelectMany(method => method.GetCustomAttributesData())
            .Where(data => data.AttributeType == typeof(RunsExampleAttribute)).Select(data => ((string)data.ConstructorArguments[0].Value!, (string)data.ConstructorArguments[1].Value!))
            .Concat(Directory.EnumerateFiles(Path.Combine(PageExamples.Root, "tests", "IsoCatalog.Tests"), "*Tests.cs", SearchOption.AllDirectories)
                .SelectMany(file => Claim().Matches(File.ReadAllText(file)).Select(match => (match.Groups["page"].Value, match.Groups["begins"].Value))))
            .Distinct().ToList();
        var wrong = new List<string>();
        foreach (var page in Pages())
        {
            foreach (var example in PageExamples.All(page))
            {
                var claimed = claims.Exists(claim => claim.Item1 == page && example.Has(claim.Item2));
                var place = $"{page}:{example.Line}: ";
                if (example.Language.Length == 0)
                {
                    wrong.Add(place + "the fence does not say what it is: ```sh, ```yaml ...; ```text for what is no example");
                }
                else if (example.Language == "text" ? Runnable().IsMatch(example.Text) : example.IsRun && !claimed)
                {
                    wrong.Add(place + $"no test says [RunsExample(\"{page}\", ...)] of it, and it is not marked ```{example.Language} not-run");
                }
            }
        }

        wrong.AddRange(claims.Where(claim => !PageExamples.All(claim.Item1).Any(example => example.IsRun && example.Has(claim.Item2)))
            .Select(claim => $"{claim.Item1}: a test says that it runs '{claim.Item2}', and there is no such example"));
        Assert.Empty(wrong);
    }

    [Fact]
    public void No_example_is_hidden_by_being_only_indented()
    {
        foreach (var page in Pages())
        {
            var text = Fenced().Replace(File.ReadAllText(Path.Combine(PageExamples.Root, page)), "");
            Assert.DoesNotMatch(Indented(), text);
        }
    }

    [Fact]
    public void Each_file_of_config_and_deploy_is_named_by_a_test_or_is_tried_by_hand()
    {
        var tests = string.Concat(new[] { "*.cs", "*.sh", "*.csproj" }.SelectMany(kind => Directory.EnumerateFiles(Path.Combine(PageExamples.Root, "tests"), kind, SearchOption.AllDirectories))
            .Where(file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText));
        var files = new[] { "config", "deploy" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(PageExamples.Root, folder), "*", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(PageExamples.Root, file));
        Assert.DoesNotContain(files, file => !TriedByHand.Any(tried => file.StartsWith(tried, StringComparison.Ordinal)) && !tests.Contains(Path.GetFileName(file), StringComparison.Ordinal));
    }

    [Fact]
    [RunsExample("docs/metrics.md", "scrape_configs:")]
    [RunsExample("deploy/prometheus/README.md")]
    public async Task Prometheus_takes_the_snippets_of_its_configuration()
    {
        foreach (var snippet in PageExamples.Of("docs/metrics.md", "scrape_configs:").Concat(PageExamples.Of("deploy/prometheus/README.md")))
        {
            (await Counterpart.RunAsync("promtool", ["check", "config", "--syntax-only", _folder.Write("prometheus.yml", System.Text.Encoding.UTF8.GetBytes(snippet))], Cancel)).Succeeded();
        }
    }

    [Fact]
    [RunsExample("docs/volume.md", "surfaces:")]
    [RunsExample("docs/ovirt.md", "surfaces:")]
    public void The_surfaces_of_the_pages_are_taken()
    {
        foreach (var surfaces in PageExamples.Of("docs/volume.md", "surfaces:").Concat(PageExamples.Of("docs/ovirt.md", "surfaces:")))
        {
            Assert.IsType<ConfigurationResult.Loaded>(ConfigurationFile.Parse($"site: ams\ndata: /var/lib/isocatalog\n{surfaces}", "site.yaml", "/etc/isocatalog"));
        }
    }

    [Fact]
    [RunsExample("docs/configuration.md", "isocatalog check-config")]
    public async Task Check_config_is_asked_as_the_page_says()
    {
        var command = Assert.Single(PageExamples.Of("docs/configuration.md", "isocatalog check-config"));
        var file = _folder.Write("site.yaml", System.Text.Encoding.UTF8.GetBytes("site: ams\ndata: data\n"));
        Assert.EndsWith("is valid.\n", await ShellAsync(file, command.Replace("/etc/isocatalog/site.yaml", file, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    [RunsExample("docs/install.md", "[Service]")]
    public async Task The_drop_ins_of_the_unit_are_taken()
    {
        var dropIns = PageExamples.Of("docs/install.md", "[Service]");
        Counterpart.Require("systemd-analyze");
        var unit = (await File.ReadAllTextAsync(Path.Combine(PageExamples.Root, "deploy/systemd/isocatalog.service"), Cancel))
            .Replace("/usr/local/bin/isocatalog", "/bin/true", StringComparison.Ordinal).Replace("Documentation=file:", "Documentation=https:", StringComparison.Ordinal);
        foreach (var (number, dropIn) in dropIns.Index())
        {
            var folder = Directory.CreateDirectory(_folder.Combine($"{number}")).FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, "isocatalog.service"), unit, Cancel);
            Directory.CreateDirectory(Path.Combine(folder, "isocatalog.service.d"));
            await File.WriteAllTextAsync(Path.Combine(folder, "isocatalog.service.d", "override.conf"), dropIn, Cancel);
            var verified = await Counterpart.RunAsync("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", Path.Combine(folder, "isocatalog.service")], Cancel);
            Assert.DoesNotContain("override.conf", verified.Output + verified.Error, StringComparison.Ordinal);
            Assert.Equal(0, verified.ExitCode);
        }
    }

    [Fact]
    [RunsExample("docs/install.md", "/srv/console-isos ")]
    public async Task The_exports_are_taken_by_the_NFS_server()
    {
        var exports = Assert.Single(PageExamples.Of("docs/install.md", "/srv/console-isos "));
        var exportfs = Counterpart.Require("exportfs");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Needs root: /etc/exports is another file in a mount namespace.");
        var share = Directory.CreateDirectory(_folder.Combine("isos")).FullName;
        Directory.CreateDirectory(_folder.Combine("state"));
        await File.WriteAllTextAsync(_folder.Combine("exports"), exports.Replace("/srv/console-isos", share, StringComparison.Ordinal), Cancel);

        // The program reads /etc/exports and keeps what it exports in /var/lib/nfs; here both are others.
        var shown = (await Counterpart.RunAsync(
            "unshare",
            ["--mount", "--net", "bash", "-ec", $"mount --bind '{_folder.Combine("exports")}' /etc/exports; mount --bind '{_folder.Combine("state")}' /var/lib/nfs; '{exportfs}' -ar; '{exportfs}' -s"],
            Cancel)).Succeeded();

        Assert.Contains($"{share}  10.2.0.0/16(", shown, StringComparison.Ordinal);
        Assert.Contains(",ro,", shown, StringComparison.Ordinal);
    }

    [Fact]
    [RunsExample("docs/fleet.md", "isocatalog init --site ams")]
    [RunsExample("docs/fleet.md", "isocatalog init --site nyc")]
    [RunsExample("docs/fleet.md", "isocatalog trust add-site join-request.json --root-key /media")]
    [RunsExample("docs/fleet.md", "isocatalog join")]
    public async Task A_fleet_is_founded_and_joined_as_the_page_says()
    {
        string Block(string begins) => Assert.Single(PageExamples.Of("docs/fleet.md", begins));
        var (ams, nyc) = (_folder.Combine("ams", "site.yaml"), _folder.Combine("nyc", "site.yaml"));
        await ShellAsync(ams, Block("isocatalog init --site ams"));
        var asked = await ShellAsync(nyc, Block("isocatalog init --site nyc"));
        File.Copy(_folder.Combine("nyc", "data", "join-request.json"), _folder.Combine("join-request.json"));
        await ShellAsync(ams, Block("isocatalog trust add-site join-request.json --root-key /media").Replace("/media/usb/root-key.pem", _folder.Combine("ams", RootKey), StringComparison.Ordinal)
            .Replace("3f2a-...", Fingerprint().Match(asked).Groups["text"].Value, StringComparison.Ordinal));
        await ShellAsync(nyc, Block("isocatalog join"));

        var (exit, shown, _) = await TestSite.RunAsync(["trust", "show", "--config", nyc], Cancel);
        Assert.Equal(0, exit);
        Assert.Contains("ams", shown, StringComparison.Ordinal);
        Assert.Contains("There is no surface for BMCs", asked, StringComparison.Ordinal);
    }

    private static string RootKey => IsoCatalog.Appliance.Documents.RootKeyFile.Name;

    private static IEnumerable<string> Pages() => new[] { "docs", "deploy", "config" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(PageExamples.Root, folder), "*.md", SearchOption.AllDirectories)).Append(Path.Combine(PageExamples.Root, "README.md"))
        .Select(file => Path.GetRelativePath(PageExamples.Root, file)).Order(StringComparer.Ordinal);

    /// <summary>With the data beside the configuration; <c>serve</c> is what nearly all other tests do.</summary>
    private async Task<string> ShellAsync(string configuration, string block)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "isocatalog.dll");
        var data = Path.Combine(Path.GetDirectoryName(configuration)!, "data");
        return (await Counterpart.RunAsync(
            "bash",
            ["-c", $$"""
                set -eu
                export ISOCATALOG_CONFIG='{{configuration}}'
                cd '{{_folder.Path}}'
                isocatalog() { case $1 in serve) ;; init) dotnet '{{program}}' "$@" --data '{{data}}' ;; *) dotnet '{{program}}' "$@" ;; esac; }
                {{block}}
                """],
            Cancel)).Succeeded();
    }

    [GeneratedRegex("\\[RunsExample\\(\"(?<page>[^\"]+)\"(, \"(?<begins>[^\"]*)\")?\\)\\]", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Claim();

    [GeneratedRegex(@"^ *(isocatalog|curl|systemctl|sudo|apt|nft|dotnet|firewall-cmd) ", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Runnable();

    [GeneratedRegex(@"^ *```.*?^ *```$", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex Fenced();

    [GeneratedRegex(@"\n\n {4,}\S", RegexOptions.NonBacktracking)]
    private static partial Regex Indented();

    [GeneratedRegex(@"^Fingerprint: +(?<text>\S+)", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Fingerprint();
}
