using System.Diagnostics.Metrics;

namespace IsoCatalog.Appliance.Intake;

/// <summary>What became of adds at this site.</summary>
internal sealed class IngestMetrics(Meter meter)
{
    private readonly Counter<long> _added = meter.CreateCounter<long>("isocatalog.ingest.images", description: "Images added at this site.");
    private readonly Counter<long> _addedBytes = meter.CreateCounter<long>("isocatalog.ingest.bytes", "By", "Bytes of images added at this site.");
    private readonly Counter<long> _refused = meter.CreateCounter<long>("isocatalog.ingest.refused", description: "Adds that were refused, by code.");
    private readonly Histogram<double> _addSeconds = meter.CreateHistogram(
        "isocatalog.ingest.duration",
        "s",
        "From the first byte read to the signed entry.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.5, 1, 5, 15, 60, 300, 1800] });

    public void Added(long bytes, TimeSpan duration)
    {
        _added.Add(1);
        _addedBytes.Add(bytes);
        _addSeconds.Record(duration.TotalSeconds);
    }

    public void NotAdded(string code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code));
}
