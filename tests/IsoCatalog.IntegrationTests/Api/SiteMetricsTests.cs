using System.Diagnostics;
using System.Text.RegularExpressions;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

public sealed partial class SiteMetricsTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private static readonly string[] OfMore = ["isocatalog_fleet_", "isocatalog_site_", "isocatalog_swarm_", "isocatalog_certificate_", "isocatalog_engine_"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Promtool_has_nothing_to_say_about_a_busy_site()
    {
        var page = await BusyPageAsync();
        Assert.Contains("isocatalog_ingest_refused_total{code=\"not-an-iso\"}", page, StringComparison.Ordinal);
        Assert.Contains("isocatalog_api_refused_total{code=\"forbidden\"}", page, StringComparison.Ordinal);
        Assert.Contains("isocatalog_surface_available{surface=\"console\"} 2\n", page, StringComparison.Ordinal);
        Assert.Contains("isocatalog_ingest_images_total 2\n", page, StringComparison.Ordinal);
        Assert.Contains("isocatalog_catalog_age_seconds{site=\"ams\"}", page, StringComparison.Ordinal);
        await PleasesPromtoolAsync(page);
    }

    internal static async Task PleasesPromtoolAsync(string page)
    {
        var start = new ProcessStartInfo(Counterpart.Require("promtool"), ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var promtool = Process.Start(start)!;
        var said = promtool.StandardOutput.ReadToEndAsync(Cancel);
        var complained = promtool.StandardError.ReadToEndAsync(Cancel);
        await promtool.StandardInput.WriteAsync(page);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync(Cancel);

        Assert.Equal(("", "", 0), (await said, await complained, promtool.ExitCode));
    }

    [Fact]
    public async Task Every_metric_is_documented_and_every_documented_one_exists()
    {
        var served = Served(await BusyPageAsync());
        var documented = await DocumentedAsync();

        Assert.Empty(served.Except(documented).Order(StringComparer.Ordinal));

        // Those of other sites, certificates and engines appear with them; their own tests look for them.
        Assert.Empty(documented.Where(d => !OfMore.Any(p => d.StartsWith(p, StringComparison.Ordinal))).Except(served).Order(StringComparer.Ordinal));
    }

    /// <summary>Names with their types.</summary>
    internal static HashSet<string> Served(string page) =>
        TypeLine().Matches(page).Select(m => $"{m.Groups["name"].Value} {m.Groups["type"].Value}").ToHashSet(StringComparer.Ordinal);

    internal static async Task<HashSet<string>> DocumentedAsync() =>
        DocumentLine().Matches(await File.ReadAllTextAsync(OpenApiDocumentTests.RepositoryFile("docs/metrics.md"), Cancel))
            .Select(m => $"{m.Groups["name"].Value} {m.Groups["type"].Value}").ToHashSet(StringComparer.Ordinal);

    /// <summary>With images, a refused add, a refused request, drift and a served image.</summary>
    private async Task<string> BusyPageAsync()
    {
        (await shared.Caller.SendAsync(HttpMethod.Post, "/api/v1/images?name=x.iso", new ByteArrayContent("no image"u8.ToArray()))).Refused(422, "not-an-iso");
        (await shared.Caller.GetAsync("/api/v1/images", ("Host", "evil.example.com"))).Refused(403, "forbidden");
        var foreign = Path.Combine(shared.Site.Console, "foreign.iso");
        await File.WriteAllTextAsync(foreign, "x", Cancel);
        var url = (await shared.Caller.GetAsync("/api/v1/available?surface=bmc")).Json["images"]![0]!["mount"]!["url"]!.GetValue<string>();
        using var reader = new ApiCaller(new Uri(url));
        Assert.Equal(200, (int)(await reader.GetAsync("")).Status);
        var page = "";
        await TestSite.EventuallyAsync(
            async () => (page = (await shared.Caller.GetAsync("/metrics")).Text).Contains("isocatalog_iso_bytes_total{", StringComparison.Ordinal)
                && page.Contains("code=\"foreign-file\"", StringComparison.Ordinal), Cancel);
        File.Delete(foreign);
        return page;
    }

    [GeneratedRegex("^# TYPE (?<name>\\S+) (?<type>\\S+)$", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex TypeLine();

    [GeneratedRegex("^\\| `(?<name>[a-z0-9_]+)` \\| (?<type>[a-z]+) \\|", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex DocumentLine();
}
