using System.Collections.Concurrent;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>All series of one metric name. Measurements come from any thread; at most <paramref name="maxSeries"/> series are kept, and what
/// belongs to one more is counted and let go.</summary>
internal sealed class MetricFamily(string name, string type, string help, double[]? bounds, bool isObserved, int maxSeries)
{
    private readonly ConcurrentDictionary<TagSet, Series> _byTags = new(new TagSet.Comparer());
    private readonly Dictionary<string, Series> _byLabels = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private long _overflow;
    private int _collection;

    public string Name { get; } = name;

    public string Type { get; } = type;

    /// <summary>Instruments that feed it; it goes with the last.</summary>
    public int Instruments { get; set; }

    public bool IsObserved { get; } = isObserved;

    /// <summary>Measurements that were let go.</summary>
    public long Overflow => Interlocked.Read(ref _overflow);

    public void Record(long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Find(tags) is not { } series)
        {
            return;
        }

        if (IsObserved || IsGauge)
        {
            series.Set(value);
        }
        else
        {
            series.Add(value);
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Find(tags) is not { } series)
        {
            return;
        }

        if (IsObserved || IsGauge)
        {
            series.Set(value);
        }
        else
        {
            series.Add(value);
        }
    }

    /// <summary>A gauge that is set, unlike an up-down counter, which is a gauge to Prometheus but is added to.</summary>
    public bool IsGauge { get; init; }

    public void BeginCollection() => Interlocked.Increment(ref _collection);

    public void WriteTo(PrometheusText text)
    {
        Series[] all;
        lock (_lock)
        {
            if (IsObserved)
            {
                Forget_NeedsLock();
            }

            all = [.. _byLabels.Values.OrderBy(series => series.Labels, StringComparer.Ordinal)];
        }

        if (all.Length == 0)
        {
            return;
        }

        text.Family(Name, Type, help);
        foreach (var series in all)
        {
            series.WriteTo(text, Name);
        }
    }

    private Series? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!_byTags.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>().TryGetValue(tags, out var series))
        {
            series = Add(new TagSet(tags.ToArray()));
        }

        if (series is null)
        {
            Interlocked.Increment(ref _overflow);
        }
        else if (IsObserved)
        {
            series.SeenIn = _collection;
        }

        return series;
    }

    private Series? Add(TagSet tags)
    {
        // A full family must stay cheap: nothing is rendered for what is let go.
        if (_byTags.Count >= maxSeries)
        {
            return null;
        }

        var labels = tags.Labels();
        lock (_lock)
        {
            if (!_byLabels.TryGetValue(labels, out var series))
            {
                series = bounds is null ? new Series.Number(labels) : new Series.Histogram(labels, bounds);
                _byLabels.Add(labels, series);
            }

            // Different tags that look alike as labels share a series: Prometheus refuses a page on which one comes twice.
            return _byTags.GetOrAdd(tags, series);
        }
    }

    private void Forget_NeedsLock()
    {
        foreach (var (tags, series) in _byTags)
        {
            if (series.SeenIn != _collection)
            {
                _byTags.TryRemove(tags, out _);
                _byLabels.Remove(series.Labels);
            }
        }
    }
}
