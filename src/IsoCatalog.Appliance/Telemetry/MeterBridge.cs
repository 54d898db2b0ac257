using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Numerics;
using Prometheus;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>
/// Brings the measurements of a site's own meters (names beginning with <c>IsoCatalog</c>) into a prometheus-net registry of its own, beside
/// a few figures of the process, and gives the page that Prometheus scrapes. Thread-safe.
/// </summary>
/// <remarks>decisions/0013-metrics.md says why prometheus-net's own adapter does not stand here.</remarks>
public sealed class MeterBridge : IDisposable
{
    /// <summary>Series of one metric; measurements for more are counted in <c>isocatalog_metrics_overflow_total</c> and let go.</summary>
    public const int MaxSeries = 2000;

    /// <summary>Of <see cref="PageAsync"/>.</summary>
    public const string ContentType = PrometheusConstants.TextContentTypeWithVersionAndEncoding;

    private const string MeterPrefix = "IsoCatalog";
    private static readonly string[] Taken = ["process_", "dotnet_", "isocatalog_metrics_"];

    private readonly IMeterFactory _meters;
    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly MetricFactory _factory;
    private readonly ConcurrentDictionary<string, MeteredFamily> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener;
    private readonly Lock _page = new();
    private readonly Lock _histograms = new();
    private readonly Counter _failed;
    private readonly Counter _overflow;
    private readonly Counter _refused;

    /// <param name="meters">Only this factory's meters are taken, so that several sites in one process stay apart.</param>
    public MeterBridge(IMeterFactory meters)
    {
        _meters = meters;
        _factory = Metrics.WithCustomRegistry(_registry);

        // By default each measurement looks for a trace to name as its exemplar, which this format cannot show.
        _factory.ExemplarBehavior = ExemplarBehavior.NoExemplars();
        _failed = _factory.CreateCounter("isocatalog_metrics_failed_callbacks_total", "Observations that threw, and are missing from the page.");
        _overflow = _factory.CreateCounter("isocatalog_metrics_overflow_total", "Measurements let go because their metric has too many series.");
        _refused = _factory.CreateCounter(
            "isocatalog_metrics_refused_instruments_total", "Instruments left out because another of the same name is of another type.");
        RuntimeFigures.AddTo(_registry);
        _listener = new MeterListener { InstrumentPublished = Publish };
        Take<byte>();
        Take<short>();
        Take<int>();
        Take<long>();
        Take<float>();
        Take<double>();
        Take<decimal>();
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Asks the observable instruments and gives one whole page, in the Prometheus text format 0.0.4.</summary>
    public async Task<ReadOnlyMemory<byte>> PageAsync(CancellationToken cancellationToken)
    {
        using var page = new MemoryStream();
        Task written;

        // One page at a time: what another one observes meanwhile has not been seen by this one.
        lock (_page)
        {
            Observe();

            // Writing to memory never waits, so no histogram moves between its buckets and its count. What is observed is asked for outside:
            // it may take locks that somebody holds who records.
            lock (_histograms)
            {
                written = _registry.CollectAndExportAsTextAsync(page, cancellationToken);
            }
        }

        await written;
        return page.ToArray();
    }

    private void Take<T>()
        where T : struct, INumber<T> =>
        _listener.SetMeasurementEventCallback<T>(static (_, value, tags, family) => ((MeteredFamily)family!).Record(double.CreateChecked(value), tags));

    private void Observe()
    {
        try
        {
            _listener.RecordObservableInstruments();
        }
        catch (AggregateException failed)
        {
            // One gauge that throws must not hide the others; which one it was is in its own room's log.
            _failed.Inc(failed.InnerExceptions.Count);
        }

        foreach (var family in _families.Values)
        {
            family.EndObservation();
        }
    }

    private void Publish(Instrument instrument, MeterListener listener)
    {
        if (!instrument.Meter.Name.StartsWith(MeterPrefix, StringComparison.Ordinal) || !ReferenceEquals(instrument.Meter.Scope, _meters))
        {
            return;
        }

        var name = PrometheusName.OfMetric(instrument.Name, instrument.Unit, MeteredFamily.IsCounter(instrument));
        var family = _families.GetOrAdd(name, _ => new MeteredFamily(name, instrument, _factory, _overflow, _histograms));
        if (family.IsOf(instrument) && !Array.Exists(Taken, taken => name.StartsWith(taken, StringComparison.Ordinal)))
        {
            listener.EnableMeasurementEvents(instrument, family);
        }
        else
        {
            _refused.Inc();
        }
    }
}
