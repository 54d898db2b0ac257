using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using IsoCatalog.Appliance.Telemetry;
using IsoCatalog.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IsoCatalog.IntegrationTests.Telemetry;

/// <summary>A real Prometheus scrapes a real Kestrel.</summary>
public sealed class PrometheusScrapeTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "isocatalog-" + Guid.NewGuid())).FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Prometheus_scrapes_the_page_and_knows_our_series()
    {
        Counterpart.Require("prometheus");
        await using var app = await StartAsync();
        var target = new Uri(app.Urls.Single());
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        using var prometheus = await StartPrometheusAsync(target, client);
        try
        {
            Assert.Equal("1", await QueryAsync(client, prometheus.Api, $"up{{instance=\"{target.Authority}\"}}", "1"));
            Assert.Equal("9007199254740991", await QueryAsync(client, prometheus.Api, "isocatalog_exact_bytes_total", "9007199254740991"));
            Assert.Equal("12345", await QueryAsync(client, prometheus.Api, "isocatalog_sync_received_bytes_total{site=\"n\\\"y\\\\c\"}", "12345"));
            Assert.Equal("2", await QueryAsync(client, prometheus.Api, "isocatalog_verify_time_seconds_count", "2"));
            Assert.Equal("1", await QueryAsync(client, prometheus.Api, "count(process_resident_memory_bytes)", "1"));
            Assert.Equal("counter", await TypeAsync(client, prometheus.Api, "isocatalog_sync_received_bytes_total"));
            Assert.Equal("histogram", await TypeAsync(client, prometheus.Api, "isocatalog_verify_time_seconds"));
        }
        finally
        {
            await prometheus.StopAsync();
        }
    }

    [Fact]
    public async Task Prometheus_scrapes_a_whole_site()
    {
        Assert.SkipWhen(!File.Exists("/usr/bin/prometheus"), "prometheus (Debian package prometheus) is not installed.");
        await using var site = await TestSite.StartAsync(Cancel, TestSiteOptions.InOwnProcess);
        var path = Path.Combine(_folder, "one.iso");
        await File.WriteAllBytesAsync(path, IsoBuilder.InMemory("ONE", 20_000, 1), Cancel);
        await site.AddAsync(path, Cancel);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        using var prometheus = await StartPrometheusAsync(site.Api, client);
        try
        {
            Assert.Equal("1", await QueryAsync(client, prometheus.Api, "up", "1"));
            Assert.Equal("1", await QueryAsync(client, prometheus.Api, "isocatalog_surface_available{surface=\"console\"}", "1"));
            Assert.Equal("2", await QueryAsync(client, prometheus.Api, "sum(isocatalog_cells{state=\"advertised\"})", "2"));
            Assert.Equal("1", await QueryAsync(client, prometheus.Api, "isocatalog_ingest_duration_seconds_count", "1"));
            Assert.Equal("counter", await TypeAsync(client, prometheus.Api, "isocatalog_ingest_bytes_total"));
        }
        finally
        {
            await prometheus.StopAsync();
        }
    }

    private static async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<MeterBridge>();
        var app = builder.Build();
        app.MapMetrics(app.Services.GetRequiredService<MeterBridge>());
        var meter = app.Services.GetRequiredService<IMeterFactory>().Create("IsoCatalog.Sync");
        meter.CreateCounter<long>("isocatalog.sync.received", "By", "Bytes from peers.").Add(12345, new KeyValuePair<string, object?>("site", "n\"y\\c"));
        meter.CreateCounter<long>("isocatalog.exact", "By", "As many as Prometheus can count one by one.").Add(9007199254740991);
        var took = meter.CreateHistogram<double>("isocatalog.verify.time", "s", "Time to verify.");
        took.Record(0.1);
        took.Record(3);
        await app.StartAsync(Cancel);
        return app;
    }

    private Task<RunningPrometheus> StartPrometheusAsync(Uri target, HttpClient client) => RunningPrometheus.StartAsync(
        _folder,
        $"global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n  - job_name: isocatalog\n    static_configs: [ {{ targets: ['{target.Authority}'] }} ]\n",
        client,
        Cancel);

    /// <summary>Asks again until the answer is <paramref name="expected"/> or the deadline has passed; gives the last answer.</summary>
    private static async Task<string?> QueryAsync(HttpClient client, Uri api, string query, string expected)
    {
        var watch = Stopwatch.StartNew();
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (true)
        {
            using var answer = JsonDocument.Parse(await client.GetStringAsync(new Uri(api, "query?query=" + Uri.EscapeDataString(query)), Cancel));
            var result = answer.RootElement.GetProperty("data").GetProperty("result");
            var value = result.GetArrayLength() == 0 ? null : result[0].GetProperty("value")[1].GetString();
            if (value == expected || watch.Elapsed > Deadline)
            {
                return value;
            }

            await again.WaitForNextTickAsync(Cancel);
        }
    }

    private static async Task<string?> TypeAsync(HttpClient client, Uri api, string metric)
    {
        using var answer = JsonDocument.Parse(await client.GetStringAsync(new Uri(api, "metadata?metric=" + metric), Cancel));
        return answer.RootElement.GetProperty("data").GetProperty(metric)[0].GetProperty("type").GetString();
    }
}
