using System.Buffers;
using System.Diagnostics.Metrics;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>
/// Keeps the measurements of this product's meters (names beginning with <c>IsoCatalog</c>) and writes them, with a few figures of the
/// process, in the Prometheus text format 0.0.4: families by name, series by labels. Thread-safe.
/// </summary>
public sealed class PrometheusExporter : IDisposable
{
    /// <summary>Series of one metric; measurements for more are counted in <c>isocatalog_metrics_overflow_total</c> and let go.</summary>
    public const int MaxSeries = 2000;

    private const string MeterPrefix = "IsoCatalog";

    // The explicit buckets of the OpenTelemetry metrics SDK, for histograms that give no advice; seconds as ASP.NET Core has them.
    private static readonly double[] DefaultBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];
    private static readonly double[] DefaultSeconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

    private readonly Lock _lock = new();
    private readonly Lock _writing = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener;
    private readonly IMeterFactory? _meters;
    private long _failedCallbacks;
    private long _refusedInstruments;

    /// <param name="meters">Only this factory's meters are taken, so that several sites in one process stay apart; null takes all.</param>
    public PrometheusExporter(IMeterFactory? meters = null)
    {
        _meters = meters;
        _listener = new MeterListener { InstrumentPublished = Publish, MeasurementsCompleted = Complete };
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, family) => ((MetricFamily)family!).Record((long)value, tags));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, family) => ((MetricFamily)family!).Record((long)value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, family) => ((MetricFamily)family!).Record((long)value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, family) => ((MetricFamily)family!).Record((double)value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, family) => ((MetricFamily)family!).Record((double)value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>Asks the observable instruments and writes one whole page.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        lock (_writing)
        {
            foreach (var family in Families().Where(family => family.IsObserved))
            {
                family.BeginCollection();
            }

            Observe();
            var text = new PrometheusText(output);
            var families = Families();
            foreach (var family in families)
            {
                family.WriteTo(text);
            }

            WriteOwn(text, families);
            RuntimeFigures.WriteTo(text);
        }
    }

    private void Observe()
    {
        try
        {
            _listener.RecordObservableInstruments();
        }
        catch (Exception failed)
        {
            // One gauge that throws must not hide the others; which one it was is in its own room's log.
            Interlocked.Add(ref _failedCallbacks, failed is AggregateException many ? many.InnerExceptions.Count : 1);
        }
    }

    private void WriteOwn(PrometheusText text, MetricFamily[] families)
    {
        text.Family("isocatalog_metrics_failed_callbacks_total", "counter", "Observations that threw, and are missing from the page.");
        text.Sample("isocatalog_metrics_failed_callbacks_total", "", PrometheusText.Number(Interlocked.Read(ref _failedCallbacks)));
        text.Family("isocatalog_metrics_overflow_total", "counter", "Measurements let go because their metric has too many series.");
        text.Sample("isocatalog_metrics_overflow_total", "", PrometheusText.Number(families.Sum(family => family.Overflow)));
        text.Family("isocatalog_metrics_refused_instruments_total", "counter", "Instruments left out because another of the same name"
            + " is of another type.");
        text.Sample("isocatalog_metrics_refused_instruments_total", "", PrometheusText.Number(Interlocked.Read(ref _refusedInstruments)));
    }

    private MetricFamily[] Families()
    {
        lock (_lock)
        {
            return [.. _families.Values];
        }
    }

    private void Publish(Instrument instrument, MeterListener listener)
    {
        if (!instrument.Meter.Name.StartsWith(MeterPrefix, StringComparison.Ordinal)
            || (_meters is not null && !ReferenceEquals(instrument.Meter.Scope, _meters)))
        {
            return;
        }

        if (FamilyOf(instrument) is { } family)
        {
            listener.EnableMeasurementEvents(instrument, family);
        }
        else
        {
            Interlocked.Increment(ref _refusedInstruments);
        }
    }

    private void Complete(Instrument instrument, object? state)
    {
        lock (_lock)
        {
            if (state is MetricFamily family && --family.Instruments == 0)
            {
                _families.Remove(family.Name);
            }
        }
    }

    private MetricFamily? FamilyOf(Instrument instrument)
    {
        var kind = instrument.GetType().GetGenericTypeDefinition();
        var type = kind == typeof(Histogram<>) ? "histogram"
            : kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>) ? "counter"
            : "gauge";
        var name = PrometheusName.OfMetric(instrument, type);
        if (RuntimeFigures.Owns(name) || name.StartsWith("isocatalog_metrics_", StringComparison.Ordinal))
        {
            return null;
        }

        var isGauge = kind == typeof(Gauge<>);
        lock (_lock)
        {
            if (!_families.TryGetValue(name, out var family))
            {
                family = new MetricFamily(
                    name, type, string.IsNullOrWhiteSpace(instrument.Description) ? instrument.Name : instrument.Description,
                    type == "histogram" ? BoundsOf(instrument) : null, instrument.IsObservable, MaxSeries) { IsGauge = isGauge };
                _families.Add(name, family);
            }
            else if (family.Type != type || family.IsObserved != instrument.IsObservable || family.IsGauge != isGauge)
            {
                return null;
            }

            family.Instruments++;
            return family;
        }
    }

    private static double[] BoundsOf(Instrument instrument)
    {
        IEnumerable<double>? advised = instrument switch
        {
            Histogram<double> h => h.Advice?.HistogramBucketBoundaries,
            Histogram<float> h => h.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound),
            Histogram<decimal> h => h.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound),
            Histogram<long> h => h.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound),
            Histogram<int> h => h.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound),
            Histogram<short> h => h.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound),
            Histogram<byte> h => h.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound),
            _ => null,
        };
        return advised is null
            ? instrument.Unit == "s" ? DefaultSeconds : DefaultBounds
            : [.. advised.Where(double.IsFinite).Distinct().Order()];
    }
}
