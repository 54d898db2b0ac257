using System.Text.RegularExpressions;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Telemetry;

/// <summary>The page of a known site, to the letter: dashboards and alerts of others stand on its names, labels, types and help.</summary>
public sealed partial class SitePageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_with_one_image_gives_the_page_that_it_always_gave()
    {
        await using var site = await TestSite.StartAsync(Cancel, TestSiteOptions.InOwnProcess);
        await ApiCaller.AddAsync(site, "one.iso", 1);
        using var caller = new ApiCaller(site.Api);

        var page = await caller.GetAsync("/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", page["Content-Type"]);
        Assert.Equal("no-store", page["Cache-Control"]);
        Assert.Equal(page.Body.Length.ToString(), page["Content-Length"]);
        Assert.Equal(
            await File.ReadAllLinesAsync(OpenApiDocumentTests.RepositoryFile("tests/IsoCatalog.IntegrationTests/Telemetry/site.metrics.txt"), Cancel),
            page.Text.TrimEnd('\n').Split('\n').Where(line => !AskedBySurfaces().IsMatch(line)).Select(line => Varying().Replace(line, "${series} ~")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Whoever_asks_for_OpenMetrics_or_in_another_way_gets_the_same_text_or_nothing()
    {
        await using var site = await TestSite.StartAsync(Cancel, TestSiteOptions.InOwnProcess);
        using var caller = new ApiCaller(site.Api);

        var page = await caller.GetAsync("/metrics", ("Accept", "application/openmetrics-text; version=1.0.0,text/plain;q=0.5"));

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", page["Content-Type"]);
        Assert.Equal(405, (int)(await caller.SendAsync(HttpMethod.Post, "/metrics", null)).Status);
    }

    // How often a surface asks its own listener is its own affair.
    [GeneratedRegex("^isocatalog_iso_requests_total{", RegexOptions.NonBacktracking)]
    private static partial Regex AskedBySurfaces();

    [GeneratedRegex(
        "^(?<series>(process_|dotnet_|isocatalog_store_(free|size)|isocatalog_iso_|isocatalog_ingest_bytes|[a-z_]*_seconds)[^ ]*) .*",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Varying();
}
