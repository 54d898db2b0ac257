using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using IsoCatalog.Appliance.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Telemetry;

public sealed class MeterBridgeTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Meter _meter;
    private readonly MeterBridge _bridge;

    public MeterBridgeTests()
    {
        var factory = _services.GetRequiredService<IMeterFactory>();
        _meter = factory.Create("IsoCatalog.Tests");
        _bridge = new MeterBridge(factory);
    }

    public void Dispose()
    {
        _bridge.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task The_page_is_what_the_format_says()
    {
        var received = _meter.CreateCounter<long>("isocatalog.sync.received", "By", "Bytes from peers.");
        received.Add(7, new("site", "nyc"), new("kind", "webseed"));
        received.Add(5, new("kind", "webseed"), new("site", "nyc"));
        received.Add(long.MaxValue / 4 * 3, new KeyValuePair<string, object?>("site", "a\\b\"c\nd"));
        _meter.CreateUpDownCounter<int>("isocatalog.sync.transfers", "{transfer}", "Transfers now.\nAll of them, \\ included.").Add(3);
        _meter.CreateGauge<double>("isocatalog.store.used", "1", "Share used.").Record(0.25);
        _meter.CreateObservableGauge(
            "isocatalog.surface.up",
            IEnumerable<Measurement<int>> () => [new(1, new KeyValuePair<string, object?>("surface", "b")), new(0, new KeyValuePair<string, object?>("surface", "a"))],
            null,
            "Up.");
        var took = _meter.CreateHistogram("isocatalog.verify.time", "s", "Time to verify.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1, 2.5] });
        took.Record(0.5);
        took.Record(2);
        took.Record(99);
        took.Record(double.NaN);

        Assert.Equal(
            """
            # HELP isocatalog_sync_received_bytes_total Bytes from peers.
            # TYPE isocatalog_sync_received_bytes_total counter
            isocatalog_sync_received_bytes_total{kind="webseed",site="nyc"} 12
            isocatalog_sync_received_bytes_total{site="a\\b\"c\nd"} 6.917529027641082e+18
            # HELP isocatalog_sync_transfers Transfers now.\nAll of them, \\ included.
            # TYPE isocatalog_sync_transfers gauge
            isocatalog_sync_transfers 3
            # HELP isocatalog_store_used_ratio Share used.
            # TYPE isocatalog_store_used_ratio gauge
            isocatalog_store_used_ratio 0.25
            # HELP isocatalog_verify_time_seconds Time to verify.
            # TYPE isocatalog_verify_time_seconds histogram
            isocatalog_verify_time_seconds_sum 101.5
            isocatalog_verify_time_seconds_count 3
            isocatalog_verify_time_seconds_bucket{le="0.5"} 1
            isocatalog_verify_time_seconds_bucket{le="1"} 1
            isocatalog_verify_time_seconds_bucket{le="2.5"} 2
            isocatalog_verify_time_seconds_bucket{le="+Inf"} 3
            # HELP isocatalog_surface_up Up.
            # TYPE isocatalog_surface_up gauge
            isocatalog_surface_up{surface="b"} 1
            isocatalog_surface_up{surface="a"} 0

            """,
            await OursAsync());
        Assert.Equal(await OursAsync(), await OursAsync());
    }

    [Theory]
    [InlineData("isocatalog.sync.received", "By", "isocatalog_sync_received_bytes_total")]
    [InlineData("isocatalog.sync.received.total", "By", "isocatalog_sync_received_bytes_total")]
    [InlineData("isocatalog.received.bytes", "By", "isocatalog_received_bytes_total")]
    [InlineData("isocatalog.api.refused", "{request}", "isocatalog_api_refused_total")]
    [InlineData("isocatalog.hash.busy", "s", "isocatalog_hash_busy_seconds_total")]
    [InlineData("isocatalog.rate", "By/s", "isocatalog_rate_bytes_per_second_total")]
    [InlineData("9-odd/näme", null, "_9_odd_n_me_total")]
    public async Task Names_follow_the_Prometheus_conventions(string name, string? unit, string expected)
    {
        _meter.CreateCounter<long>(name, unit, "Something.").Add(1);

        Assert.Contains($"\n{expected} 1\n", await PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Promtool_finds_nothing_to_complain_about()
    {
        _meter.CreateCounter<long>("isocatalog.sync.received", "By", "Bytes from peers.").Add(7, new KeyValuePair<string, object?>("site", "é\"\\\n"));
        _meter.CreateHistogram<double>("isocatalog.verify.time", "s", "Time to verify.").Record(1.5, new KeyValuePair<string, object?>("surface", "a"));
        _meter.CreateGauge<double>("isocatalog.store.used", "1", "Share used.").Record(double.PositiveInfinity);
        Counterpart.Require("promtool");

        var start = new ProcessStartInfo("/usr/bin/promtool", ["check", "metrics"])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        using var promtool = Process.Start(start)!;
        await promtool.StandardInput.WriteAsync((await PageAsync()).AsMemory(), TestContext.Current.CancellationToken);
        promtool.StandardInput.Close();
        var said = await promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            + await promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((0, ""), (promtool.ExitCode, said));
    }

    [Fact]
    public async Task The_process_is_described()
    {
        var page = await PageAsync();

        Assert.Matches(@"\nprocess_resident_memory_bytes [1-9][0-9]{6,}\n", page);
        Assert.Matches(@"\nprocess_cpu_seconds_total [0-9.]+\n", page);
        Assert.Matches(@"\nprocess_start_time_seconds 1[0-9]{9}(\.[0-9]+)?\n", page);
        Assert.Matches("dotnet_gc_collections_total{generation=\"2\"} [0-9]+\n", page);
        Assert.Matches(@"\ndotnet_gc_heap_size_bytes [1-9][0-9]+\n", page);
    }

    [Fact]
    public async Task Series_are_bounded_and_what_is_let_go_is_counted()
    {
        var counter = _meter.CreateCounter<long>("isocatalog.flood");
        for (var i = 0; i < MeterBridge.MaxSeries + 500; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("address", i));
        }

        counter.Add(1, new KeyValuePair<string, object?>("address", 0));
        var page = await PageAsync();

        Assert.Equal(MeterBridge.MaxSeries, page.Split("isocatalog_flood_total{").Length - 1);
        Assert.Contains("\nisocatalog_metrics_overflow_total 500\n", page, StringComparison.Ordinal);
        Assert.Contains("isocatalog_flood_total{address=\"0\"} 2\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_that_look_alike_as_labels_are_one_series()
    {
        var counter = _meter.CreateCounter<long>("isocatalog.alike");
        counter.Add(1, new KeyValuePair<string, object?>("a.b", "1"));
        counter.Add(1, new KeyValuePair<string, object?>("a-b", 1));
        counter.Add(1, new("a.b", "1"), new("a_b", "2"));

        Assert.Equal("isocatalog_alike_total{a_b=\"1\"} 3", Assert.Single((await OursAsync()).Split('\n'), line => line.StartsWith("isocatalog_alike_total{", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_an_observation_no_longer_gives_is_no_longer_shown()
    {
        var transfers = new List<int> { 1, 2 };
        _meter.CreateObservableGauge("isocatalog.progress", () => transfers.Select(id => new Measurement<int>(10 * id, new KeyValuePair<string, object?>("id", id))));
        Assert.Contains("isocatalog_progress{id=\"2\"} 20\n", await PageAsync(), StringComparison.Ordinal);

        transfers.Remove(2);
        var page = await PageAsync();

        Assert.Contains("isocatalog_progress{id=\"1\"} 10\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"2\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_metric_without_a_value_is_not_on_the_page()
    {
        _meter.CreateCounter<long>("isocatalog.silent", "By");
        _meter.CreateHistogram<double>("isocatalog.silent.time", "s");
        _meter.CreateObservableGauge("isocatalog.none", IEnumerable<Measurement<int>> () => []);

        Assert.Equal("", await OursAsync());
    }

    [Fact]
    public async Task An_observed_counter_that_comes_back_says_what_it_has_and_not_what_it_had()
    {
        Measurement<long>[] corrupt = [new(7, new KeyValuePair<string, object?>("peer", "nyc"))];
        _meter.CreateObservableCounter("isocatalog.corrupt", () => corrupt);
        var before = await OursAsync();
        (var gone, corrupt) = (corrupt, []);
        var without = await OursAsync();
        corrupt = [new(2, gone[0].Tags)];

        Assert.Contains("isocatalog_corrupt_total{peer=\"nyc\"} 7\n", before, StringComparison.Ordinal);
        Assert.DoesNotContain("nyc", without, StringComparison.Ordinal);
        Assert.Contains("isocatalog_corrupt_total{peer=\"nyc\"} 2\n", await OursAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_at_one_time_are_each_whole()
    {
        var ids = Enumerable.Range(0, 50).Select(id => new Measurement<int>(id, new KeyValuePair<string, object?>("id", id))).ToArray();
        _meter.CreateObservableGauge("isocatalog.progress", () => ids);

        var pages = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                var whole = true;
                for (var i = 0; i < 100; i++)
                {
                    whole &= (await PageAsync()).Split("isocatalog_progress{").Length - 1 == ids.Length;
                }

                return whole;
            }, TestContext.Current.CancellationToken)));

        Assert.All(pages, Assert.True);
    }

    [Fact]
    public void A_count_that_would_fall_is_not_thrown_back_at_whoever_counts() =>
        _meter.CreateCounter<long>("isocatalog.fall").Add(-1);

    [Fact]
    public async Task An_observation_that_throws_costs_only_itself()
    {
        _meter.CreateObservableGauge<int>("isocatalog.broken", int () => throw new InvalidOperationException("no"));
        _meter.CreateObservableCounter("isocatalog.fine", () => 42L, "By");

        var page = await PageAsync();

        Assert.Contains("isocatalog_fine_bytes_total 42\n", page, StringComparison.Ordinal);
        Assert.Contains("isocatalog_metrics_failed_callbacks_total 1\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instruments_of_one_name_are_added_up_unless_their_types_differ()
    {
        _meter.CreateCounter<long>("isocatalog.twice").Add(1);
        _services.GetRequiredService<IMeterFactory>().Create("IsoCatalog.Other").CreateCounter<int>("isocatalog.twice").Add(2);
        _meter.CreateGauge<int>("isocatalog.twice.total").Record(50);

        Assert.Equal("isocatalog_twice_total 3", Assert.Single((await OursAsync()).Split('\n'), line => line.StartsWith("isocatalog_twice_total", StringComparison.Ordinal)));
        Assert.Contains("isocatalog_metrics_refused_instruments_total 1\n", await PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Meters_of_others_and_of_other_sites_are_left_alone()
    {
        using var elsewhere = new ServiceCollection().AddMetrics().BuildServiceProvider();
        elsewhere.GetRequiredService<IMeterFactory>().Create("IsoCatalog.Tests").CreateCounter<long>("isocatalog.elsewhere").Add(1);
        _services.GetRequiredService<IMeterFactory>().Create("Microsoft.Something").CreateCounter<long>("isocatalog.foreign").Add(1);

        Assert.Equal("", await OursAsync());
    }

    [Fact]
    public async Task No_count_is_lost_between_threads_while_the_page_is_written()
    {
        var bytes = _meter.CreateCounter<long>("isocatalog.threads");
        var times = _meter.CreateHistogram<double>("isocatalog.threads.time", "s");
        var reals = _meter.CreateCounter<double>("isocatalog.threads.real");

        var adding = Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                bytes.Add(1, new("thread", i % 3), new("x", "y"));
                times.Record(0.01);
                reals.Add(0.5);
            }
        }, TestContext.Current.CancellationToken)).ToArray();
        while (!adding.All(task => task.IsCompleted))
        {
            var page = await OursAsync();
            var counts = page.Split('\n').Where(line => line.StartsWith("isocatalog_threads_time_seconds_", StringComparison.Ordinal)).ToList();
            Assert.True(counts.Count == 0 || counts.Single(line => line.Contains("+Inf", StringComparison.Ordinal)).Split(' ')[1]
                == counts.Single(line => line.Contains("_count", StringComparison.Ordinal)).Split(' ')[1]);
        }

        await Task.WhenAll(adding);
        Assert.Equal(80_000, (await OursAsync()).Split('\n').Where(line => line.StartsWith("isocatalog_threads_total{", StringComparison.Ordinal)).Sum(line => long.Parse(line.Split(' ')[1])));
        Assert.Contains("isocatalog_threads_time_seconds_count 80000\n", await OursAsync(), StringComparison.Ordinal);
        Assert.Contains("isocatalog_threads_real_total 40000\n", await OursAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Counting_in_a_known_series_allocates_nothing()
    {
        var counter = _meter.CreateCounter<long>("isocatalog.hot", "By");
        KeyValuePair<string, object?> site = new("site", "nyc");
        KeyValuePair<string, object?> kind = new("kind", "peer");
        counter.Add(1, site, kind);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            counter.Add(1, site, kind);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private async Task<string> PageAsync() => Encoding.UTF8.GetString((await _bridge.PageAsync(TestContext.Current.CancellationToken)).Span);

    /// <summary>Without the figures of the process and of the bridge, which stand first.</summary>
    private async Task<string> OursAsync() => (await PageAsync()).Split("# HELP ").Skip(1)
        .Where(family => !family.StartsWith("process_", StringComparison.Ordinal) && !family.StartsWith("dotnet_", StringComparison.Ordinal)
            && !family.StartsWith("isocatalog_metrics_", StringComparison.Ordinal))
        .Aggregate("", (page, family) => $"{page}# HELP {family}");
}
