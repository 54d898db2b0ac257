using System.Reflection;
using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Telemetry;

/// <summary>deploy/prometheus and deploy/grafana as promtool judges them, and against the product's own words.</summary>
public sealed partial class AlertRuleTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Promtool_accepts_the_rules_and_each_alert_fires_for_its_failure_alone()
    {
        (await Counterpart.RunAsync("promtool", ["check", "rules", "--lint-fatal", AlertFiles.Rules], Cancel)).Succeeded();
        (await Counterpart.RunAsync("promtool", ["test", "rules", AlertFiles.RuleTests], TimeSpan.FromMinutes(5), Cancel)).Succeeded();
        var cases = await File.ReadAllTextAsync(AlertFiles.RuleTests, Cancel);
        Assert.All(AlertFiles.Alerts(), a => Assert.Contains($"- name: \"{a.Name}: ", cases, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_alert_says_what_to_do_and_where_that_stands()
    {
        var headings = Heading().Matches(await File.ReadAllTextAsync(OpenApiDocumentTests.RepositoryFile("docs/operations/alerts.md"), Cancel))
            .Select(m => m.Groups["title"].Value).ToList();
        var alerts = AlertFiles.Alerts();
        Assert.All(alerts, a =>
        {
            Assert.Contains(a.Severity, new[] { "critical", "warning" });
            Assert.Contains("summary", a.Annotations.Keys);
            Assert.Contains("description", a.Annotations.Keys);
            var (page, anchor) = (a.Annotations["runbook_url"].Split('#')[0], a.Annotations["runbook_url"].Split('#')[1]);
            Assert.Equal("docs/operations/alerts.md", page);
            Assert.Equal(headings.Single(h => h.Split(", ").Contains(a.Name)).ToLowerInvariant().Replace(",", "", StringComparison.Ordinal).Replace(' ', '-'), anchor);
        });

        // And nothing on the page is about an alert that is gone.
        Assert.Equal(
            alerts.Select(a => a.Name).Distinct().Order(StringComparer.Ordinal),
            headings.Where(h => h.StartsWith("IsoCatalog", StringComparison.Ordinal)).SelectMany(h => h.Split(", ")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_kind_of_drift_has_an_alert_of_its_own()
    {
        // These never are drift: an image that was taken away, or is not meant to be seen, is as it should be.
        string[] meant = [ReasonCode.Removed, ReasonCode.Hidden, ReasonCode.Blocked];
        string[] others = [DriftReport.DatabaseLost, SiteDrift.DocumentsRefused, RefusalCode.ClockImplausible, "inbox-refused", "store-orphan", ReasonCode.WatchIncomplete];
        var codes = Constants(typeof(ReasonCode)).Concat(Constants(typeof(SiteAlarms))).Concat(others).Except(meant).ToList();
        var asked = AlertFiles.Alerts().SelectMany(a => AlertFiles.Selectors(a.Expression))
            .SelectMany(s => s.Labels).Where(l => l.Label == "code" && l.Operator is "=" or "=~").Select(l => l.Value).ToList();

        // Both are in isocatalog_store_files, whatever surface there is.
        Assert.All(codes.Except([ReasonCode.StoreMissing]), code => Assert.Contains(asked, value => Regex.IsMatch(code, $"^({value})$", RegexOptions.None, TimeSpan.FromSeconds(1))));

        static IEnumerable<string> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);
    }

    [Fact]
    public async Task Promtool_parses_every_query_of_the_dashboard()
    {
        var queries = await AlertFiles.QueriesAsync(Cancel);
        Assert.True(queries.Count > 20);
        var rules = _folder.Combine("dashboard.yml");
        await File.WriteAllTextAsync(
            rules,
            "groups:\n  - name: dashboard\n    rules:\n"
            + string.Concat(queries.Select((q, i) => $"      - record: query_{i}\n        expr: '{q.Replace("'", "''", StringComparison.Ordinal)}'\n")),
            Cancel);
        (await Counterpart.RunAsync("promtool", ["check", "rules", "--lint=none", rules], Cancel)).Succeeded();
    }

    [GeneratedRegex("^### (?<title>.+)$", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Heading();
}
