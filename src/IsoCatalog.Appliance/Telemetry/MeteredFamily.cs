using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Globalization;
using Prometheus;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>All series of one metric name, found by the tags of a measurement. They are made when they are first measured, so a metric is not
/// on the page before there is something to count. Measurements come from any thread.</summary>
/// <param name="overflow">Counts measurements that were let go because the family is full.</param>
/// <param name="histograms">Held while a histogram takes a value, which moves several of its figures.</param>
internal sealed class MeteredFamily(string name, Instrument first, MetricFactory factory, Counter overflow, Lock histograms)
{
    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], Series> _byTags = new(new SameTags());
    private readonly Type _kind = KindOf(first);
    private readonly bool _isCounter = IsCounter(first);
    private readonly bool _isObserved = first.IsObservable;
    private readonly bool _isAddedUp = KindOf(first) == typeof(UpDownCounter<>);
    private readonly string _help = Escape(string.IsNullOrWhiteSpace(first.Description) ? first.Name : first.Description);
    private readonly double[]? _bounds = (first as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray();

    public static bool IsCounter(Instrument instrument) => KindOf(instrument) == typeof(Counter<>) || KindOf(instrument) == typeof(ObservableCounter<>);

    /// <summary>Two instruments of one name are added up, when they are of one kind.</summary>
    public bool IsOf(Instrument instrument) => KindOf(instrument) == _kind;

    /// <summary>Of what is observed, a series that was not measured this time has ended, and is on no page any more.</summary>
    public void EndObservation()
    {
        if (!_isObserved)
        {
            return;
        }

        foreach (var (tags, series) in _byTags)
        {
            if (!series.IsSeen)
            {
                series.Child.Remove();
                _byTags.TryRemove(tags, out _);
            }

            series.IsSeen = false;
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!_byTags.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>().TryGetValue(tags, out var series))
        {
            // A full family must stay cheap: nothing is made for what is let go.
            if (_byTags.Count >= MeterBridge.MaxSeries)
            {
                overflow.Inc();
                return;
            }

            series = _byTags.GetOrAdd(tags.ToArray(), Make);
        }

        series.IsSeen = true;
        switch (series.Child)
        {
            case Counter.Child counter when _isObserved:
                counter.IncTo(value);
                break;

            // A fall would throw, at whoever counts.
            case Counter.Child counter when value >= 0:
                counter.Inc(value);
                break;
            case Gauge.Child gauge when _isAddedUp:
                gauge.Inc(value);
                break;
            case Gauge.Child gauge:
                gauge.Set(value);
                break;

            // An infinity would make the sum useless for ever.
            case Histogram.Child histogram when double.IsFinite(value):
                lock (histograms)
                {
                    histogram.Observe(value);
                }

                break;
        }
    }

    private static Type KindOf(Instrument instrument) => instrument.GetType().GetGenericTypeDefinition();

    /// <summary>prometheus-net escapes the values of labels and no help.</summary>
    private static string Escape(string help) =>
        help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace('\r', ' ');

    /// <summary>Nothing is on the page before it has its first value. Labels stand by name, so that one series has one text whatever the order
    /// of its tags; a name that comes twice keeps its first value.</summary>
    private Series Make(KeyValuePair<string, object?>[] tags)
    {
        var labels = tags.Select(tag => (Name: PrometheusName.OfLabel(tag.Key), Value: Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? ""))
            .DistinctBy(label => label.Name)
            .OrderBy(label => label.Name, StringComparer.Ordinal)
            .ToArray();
        var (names, values) = (Array.ConvertAll(labels, label => label.Name), Array.ConvertAll(labels, label => label.Value));
        return new Series(_kind == typeof(Histogram<>)
            ? factory.CreateHistogram(name, _help, names, new HistogramConfiguration { Buckets = _bounds, SuppressInitialValue = true }).WithLabels(values)
            : _isCounter
                ? factory.CreateCounter(name, _help, names, new CounterConfiguration { SuppressInitialValue = true }).WithLabels(values)
                : factory.CreateGauge(name, _help, names, new GaugeConfiguration { SuppressInitialValue = true }).WithLabels(values));
    }

    private sealed class Series(ChildBase child)
    {
        public ChildBase Child { get; } = child;

        /// <summary>It was measured since the last page.</summary>
        public bool IsSeen { get; set; }
    }

    /// <summary>Tags in the order in which they are given: the same call gives them in the same order. Looking up allocates nothing.</summary>
    private sealed class SameTags : IEqualityComparer<KeyValuePair<string, object?>[]>,
        IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, KeyValuePair<string, object?>[]>
    {
        public KeyValuePair<string, object?>[] Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => alternate.ToArray();

        public bool Equals(KeyValuePair<string, object?>[]? x, KeyValuePair<string, object?>[]? y) => Equals(x.AsSpan(), y!);

        public int GetHashCode([DisallowNull] KeyValuePair<string, object?>[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, KeyValuePair<string, object?>[] other)
        {
            var same = alternate.Length == other.Length;
            for (var i = 0; same && i < other.Length; i++)
            {
                same = alternate[i].Key == other[i].Key && Equals(alternate[i].Value, other[i].Value);
            }

            return same;
        }

        public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
        {
            var hash = default(HashCode);
            foreach (var (key, value) in alternate)
            {
                hash.Add(key);
                hash.Add(value);
            }

            return hash.ToHashCode();
        }
    }
}
