using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.IntegrationTests.Ipmi;
using IsoCatalog.IntegrationTests.Ovirt;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Telemetry;

/// <summary>The alert rules on real sites, scraped by a real Prometheus every second.</summary>
public sealed partial class AlertsOfRealSitesTests : IDisposable
{
    /// <summary>Of the machine that the tests run on, not of what they do.</summary>
    private static readonly string[] OfTheMachine = ["IsoCatalogDiskLow", "IsoCatalogStoreFull"];

    /// <summary>What waits for its time while bytes are about to move: both are about standing still for long.</summary>
    private static readonly string[] OfTheWay = ["IsoCatalogFetchStalled", "IsoCatalogHeldBack"];

    private static readonly string[] OfBeingAway = ["IsoCatalogDown", "IsoCatalogSiteUnreachable", "IsoCatalogPeerLinkDown"];

    private readonly TempFolder _folder = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task No_alert_fires_during_an_add_a_slow_sync_and_a_rolling_restart_and_damage_does()
    {
        Counterpart.Require("prometheus");
        await using var fleet = await TestFleet.PrepareAsync(
            new TestSiteOptions { OwnProcess = true, Extra = "store: { floor: 1MiB }\nfetch: { download: 2MiB/s }" }, Cancel, "ams", "nyc");
        foreach (var site in fleet.Sites)
        {
            await site.StartAgainAsync(Cancel);

            // Prometheus looks for the site at the same place after a restart.
            await site.ConfigureAsync("api: \"127.0.0.1:0\"", $"api: \"{site.Api.Authority}\"");
        }

        await fleet.IntroduceAsync(Cancel);
        await TestSite.EventuallyAsync(
            async () => (await fleet["ams"].Client.GetSitesAsync(Cancel)).Sites.All(s => s.State == "ok")
                && (await fleet["nyc"].Client.GetSitesAsync(Cancel)).Sites.All(s => s.State == "ok"), Cancel);
        using var prometheus = await StartAsync(fleet);
        try
        {
            await WaitForAsync(prometheus, "count(up == 1)", "2");

            // Rules that were evaluated before the first scrape missed it.
            await WaitForAsync(prometheus, "count(ALERTS{alertname=\"IsoCatalogNotScraped\"}) or vector(0)", "0");
            var begun = await NowAsync(prometheus);

            await EverywhereAsync(fleet, await fleet["ams"].Client.UploadImageAsync(Bytes(40_000, 1), "small.iso", null, null, null, Cancel));
            await EverywhereAsync(fleet, await fleet["ams"].Client.UploadImageAsync(Bytes(8 << 20, 2), "large.iso", null, null, null, Cancel));
            await EverythingScrapedAsync(prometheus);
            Assert.Empty((await AlertsAsync(prometheus, begun)).Select(a => a.Name).Except(OfTheMachine).Except(OfTheWay));

            var restarts = await NowAsync(prometheus);
            foreach (var site in fleet.Sites)
            {
                await site.StopAsync();
                await WaitForAsync(prometheus, "count(up == 0)", "1");
                await site.StartAgainAsync(Cancel);
                await fleet.IntroduceAsync(Cancel);
                await WaitForAsync(prometheus, "count(up == 1)", "2");
                await TestSite.EventuallyAsync(
                    async () => (await fleet.Sites[0].Client.GetSitesAsync(Cancel)).Sites.All(s => s.State == "ok")
                        && (await fleet.Sites[1].Client.GetSitesAsync(Cancel)).Sites.All(s => s.State == "ok"), Cancel);
            }

            await EverythingScrapedAsync(prometheus);
            var during = await AlertsAsync(prometheus, restarts);
            Assert.Empty(during.Select(a => a.Name).Except(OfTheMachine).Except(OfBeingAway));
            Assert.Contains(during, a => a is { Name: "IsoCatalogDown", State: "pending" });
            Assert.Empty((await AlertsAsync(prometheus, begun)).Where(a => a.State == "firing").Select(a => a.Name).Except(OfTheMachine));

            // The same rules do see it when something is wrong.
            var small = await fleet["ams"].Client.GetImageAsync("small.iso", Cancel);
            await File.WriteAllTextAsync(Path.Combine(fleet["nyc"].Console, "foreign.iso"), "x", Cancel);
            await using (var file = new FileStream(fleet["ams"].StoreFile(small), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                file.Position = 33_000;
                file.WriteByte(0xEE);
            }

            await WaitForAsync(prometheus, "count(ALERTS{alertname=\"IsoCatalogVerifyFailures\",alertstate=\"firing\",code=\"store-damaged\"})", "1");
            await WaitForAsync(prometheus, "count(ALERTS{alertname=\"IsoCatalogForeignFile\",alertstate=\"pending\",surface=\"console\"})", "1");
            await EverywhereAsync(fleet, small);
        }
        finally
        {
            await prometheus.StopAsync();
        }
    }

    [Fact]
    public async Task Every_metric_and_label_that_rules_and_dashboard_name_is_in_a_live_scrape()
    {
        var (authority, certificate) = TestAuthority.Create();
        await File.WriteAllTextAsync(_folder.Combine("iso.crt"), certificate.ExportCertificatePem(), Cancel);
        await File.WriteAllTextAsync(_folder.Combine("iso.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Cancel);
        File.SetUnixFileMode(_folder.Combine("iso.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        authority.Dispose();
        certificate.Dispose();
        await using var bench = await OvirtBench.StartAsync(check: false);
        File.SetUnixFileMode(bench.PasswordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var fleet = await TestFleet.PrepareAsync(new TestSiteOptions { OwnProcess = true, Extra = "store: { floor: 1MiB }\noffer: asap" }, Cancel, "ams", "nyc");
        await fleet["nyc"].ConfigureAsync(
            "surfaces:\n",
            $"surfaces:\n  - {{ name: vm, kind: ovirt-iso-domain, path: {bench.Export}, domain: {OvirtBench.Domain:D}, check: 1s,"
            + $" engine: {{ url: \"{bench.Engine.Url}\", user: admin@internal, passwordFile: \"{bench.PasswordFile}\", caFile: \"{bench.Engine.CaFile}\" }} }}\n");
        await fleet["nyc"].ConfigureAsync("iso: \"127.0.0.1:0\"", "iso: \"127.0.0.1:0\", isoTls: \"127.0.0.1:0\"");
        await fleet["nyc"].ConfigureAsync(
            "store: {", $"tls: {{ iso: {{ certificate: \"{_folder.Combine("iso.crt")}\", key: \"{_folder.Combine("iso.key")}\" }} }}\nstore: {{");
        await fleet.StartAgainAsync(Cancel);

        await fleet.IntroduceAsync(Cancel);
        var nyc = fleet["nyc"];
        await EverywhereAsync(fleet, await fleet["ams"].Client.UploadImageAsync(Bytes(40_000, 1), "one.iso", null, null, null, Cancel));
        await EverywhereAsync(fleet, await nyc.Client.UploadImageAsync(Bytes(40_000, 2), "two.iso", null, null, null, Cancel));
        using var caller = new ApiCaller(nyc.Api);
        (await caller.SendAsync(HttpMethod.Post, "/api/v1/images?name=x.iso", new ByteArrayContent("no image"u8.ToArray()))).Refused(422, "not-an-iso");
        (await caller.GetAsync("/api/v1/images", ("Host", "evil.example.com"))).Refused(403, "forbidden");
        await File.WriteAllTextAsync(Path.Combine(nyc.Console, "foreign.iso"), "x", Cancel);
        using (var reader = new ApiCaller(new Uri((await caller.GetAsync("/api/v1/available?surface=bmc")).Json["images"]![0]!["mount"]!["url"]!.GetValue<string>())))
        {
            Assert.Equal(200, (int)(await reader.GetAsync("")).Status);
        }

        var page = "";
        await TestSite.EventuallyAsync(
            async () => (page = (await caller.GetAsync("/metrics")).Text).Contains("isocatalog_iso_bytes_total{", StringComparison.Ordinal)
                && page.Contains("code=\"foreign-file\"", StringComparison.Ordinal)
                && page.Contains("isocatalog_engine_up", StringComparison.Ordinal), Cancel);
        var live = Line().Matches(page).GroupBy(m => m.Groups["name"].Value, StringComparer.Ordinal).ToDictionary(
            g => g.Key,
            g => g.SelectMany(m => Label().Matches(m.Groups["labels"].Value)).Select(l => (Label: l.Groups["label"].Value, Value: l.Groups["value"].Value)).ToHashSet(),
            StringComparer.Ordinal);

        string[] expressions = [.. AlertFiles.Alerts().Select(a => a.Expression), .. await AlertFiles.QueriesAsync(Cancel), .. AlertFiles.TestedSeries()];
        string[] given = ["job", "instance"];
        var wrong = new List<string>();
        foreach (var (name, labels) in expressions.SelectMany(AlertFiles.Selectors).Where(s => s.Name != "up").Select(s => (s.Name, s.Labels)))
        {
            if (!live.TryGetValue(name, out var has))
            {
                wrong.Add($"{name} is not served");
                continue;
            }

            wrong.AddRange(labels.Where(l => !given.Contains(l.Label) && has.All(h => h.Label != l.Label)).Select(l => $"{name} has no label {l.Label}"));
            wrong.AddRange(labels.Where(l => l is { Label: "state", Operator: "=" } && !has.Contains((l.Label, l.Value))).Select(l => $"{name} has no state {l.Value}"));
        }

        var known = live.Values.SelectMany(l => l.Select(h => h.Label)).Concat(given).ToHashSet(StringComparer.Ordinal);
        wrong.AddRange(expressions.SelectMany(AlertFiles.Grouping).Where(l => !known.Contains(l)).Select(l => $"nothing has the label {l}"));
        Assert.Empty(wrong.Distinct());
        Assert.Equal(["iso"], live["isocatalog_certificate_expires_seconds"].Select(l => l.Value));
        await SiteMetricsTests.PleasesPromtoolAsync(page);
    }

    private static MemoryStream Bytes(int size, int seed) => new(IsoBuilder.InMemory("TEST", size, seed));

    private static async Task EverywhereAsync(TestFleet fleet, ImageView image)
    {
        foreach (var site in fleet.Sites)
        {
            await TestSite.EventuallyAsync(
                async () => (await site.Client.GetImagesAsync(Cancel)).Images.FirstOrDefault(i => i.Id == image.Id) is { } there
                    && there.Ready.Count == fleet.Sites.Count && there.Ready.Values.All(c => new[] { "bmc", "console" }.All(s => c.GetValueOrDefault(s)?.State == CellState.Advertised)),
                Cancel,
                seconds: 90);
        }
    }

    private Task<RunningPrometheus> StartAsync(TestFleet fleet) => RunningPrometheus.StartAsync(
        _folder.Path,
        $$"""
        global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
        rule_files: ["{{AlertFiles.Rules}}"]
        scrape_configs:
          - job_name: isocatalog
            static_configs: [ { targets: [{{string.Join(", ", fleet.Sites.Select(s => $"\"{s.Api.Authority}\""))}}] } ]

        """,
        _http,
        Cancel);

    /// <summary>Two more scrapes, each followed by a look at the rules.</summary>
    private async Task EverythingScrapedAsync(RunningPrometheus prometheus)
    {
        var from = await NowAsync(prometheus);
        await WaitForAsync(prometheus, $"count(timestamp(up) > bool {from + 2:0.###}) + (min(timestamp(up)) > bool {from + 2:0.###})", "3");
    }

    private async Task<double> NowAsync(RunningPrometheus prometheus) =>
        double.Parse((await QueryAsync(prometheus, "time()"))!, System.Globalization.CultureInfo.InvariantCulture);

    private Task WaitForAsync(RunningPrometheus prometheus, string query, string value) =>
        TestSite.EventuallyAsync(async () => await QueryAsync(prometheus, query) == value, Cancel, seconds: 60);

    private async Task<string?> QueryAsync(RunningPrometheus prometheus, string query)
    {
        using var answer = JsonDocument.Parse(await _http.GetStringAsync(new Uri(prometheus.Api, "query?query=" + Uri.EscapeDataString(query)), Cancel));
        var data = answer.RootElement.GetProperty("data");
        var result = data.GetProperty("result");
        return data.GetProperty("resultType").GetString() == "scalar" ? result[1].GetString()
            : result.GetArrayLength() == 0 ? null
            : result[0].GetProperty("value")[1].GetString();
    }

    /// <summary>Every alert that was pending or firing at any second since.</summary>
    private async Task<IReadOnlyList<(string Name, string State)>> AlertsAsync(RunningPrometheus prometheus, double since)
    {
        var seconds = (int)Math.Ceiling(await NowAsync(prometheus) - since);
        using var answer = JsonDocument.Parse(await _http.GetStringAsync(
            new Uri(prometheus.Api, "query?query=" + Uri.EscapeDataString($"count_over_time(ALERTS[{seconds}s])")), Cancel));
        return
        [
            .. answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(r => r.GetProperty("metric"))
                .Select(m => (m.GetProperty("alertname").GetString()!, m.GetProperty("alertstate").GetString()!)),
        ];
    }

    [GeneratedRegex(@"^(?<name>[a-z_]+)(\{(?<labels>.*)\})? \S+$", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Line();

    [GeneratedRegex("(?<label>[a-z_]+)=\"(?<value>[^\"]*)\"", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Label();
}
