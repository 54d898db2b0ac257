namespace IsoCatalog.Appliance.Telemetry;

/// <summary>One line (of a histogram: one group of lines) of the output. Thread-safe.</summary>
internal abstract class Series(string labels)
{
    public string Labels { get; } = labels;

    /// <summary>The collection that last saw it; for observed instruments what was not seen in the last one is gone.</summary>
    public int SeenIn { get; set; }

    public abstract void Add(long value);

    public abstract void Add(double value);

    public abstract void Set(long value);

    public abstract void Set(double value);

    public abstract void WriteTo(PrometheusText text, string name);

    /// <summary>A counter or a gauge: whole while only whole numbers come, which keeps byte counts exact beyond 2^53.</summary>
    internal sealed class Number(string labels) : Series(labels)
    {
        private long _whole;
        private double _real;
        private volatile bool _hasReal;

        public override void Add(long value) => Interlocked.Add(ref _whole, value);

        public override void Add(double value)
        {
            _hasReal = true;
            double seen;
            do
            {
                seen = Volatile.Read(ref _real);
            }
            while (BitConverter.DoubleToInt64Bits(Interlocked.CompareExchange(ref _real, seen + value, seen)) != BitConverter.DoubleToInt64Bits(seen));
        }

        public override void Set(long value) => Interlocked.Exchange(ref _whole, value);

        public override void Set(double value)
        {
            _hasReal = true;
            Interlocked.Exchange(ref _real, value);
        }

        public override void WriteTo(PrometheusText text, string name)
        {
            var whole = Interlocked.Read(ref _whole);
            text.Sample(name, Labels, _hasReal ? PrometheusText.Number(whole + Volatile.Read(ref _real)) : PrometheusText.Number(whole));
        }
    }

    internal sealed class Histogram(string labels, double[] bounds) : Series(labels)
    {
        private readonly Lock _lock = new();
        private readonly long[] _counts = new long[bounds.Length + 1];
        private double _sum;

        public override void Add(long value) => Add((double)value);

        public override void Add(double value)
        {
            // NaN belongs to no bucket, and either it or an infinity would make the sum useless for ever.
            if (!double.IsFinite(value))
            {
                return;
            }

            var bucket = Array.BinarySearch(bounds, value);
            lock (_lock)
            {
                _counts[bucket < 0 ? ~bucket : bucket]++;
                _sum += value;
            }
        }

        public override void Set(long value) => Add(value);

        public override void Set(double value) => Add(value);

        public override void WriteTo(PrometheusText text, string name)
        {
            long[] counts;
            double sum;
            lock (_lock)
            {
                counts = [.. _counts];
                sum = _sum;
            }

            var total = 0L;
            for (var i = 0; i < counts.Length; i++)
            {
                total += counts[i];
                var le = PrometheusText.Label("le", i < bounds.Length ? PrometheusText.Number(bounds[i]) : "+Inf");
                text.Sample(name + "_bucket", Labels.Length == 0 ? le : $"{Labels},{le}", PrometheusText.Number(total));
            }

            text.Sample(name + "_sum", Labels, PrometheusText.Number(sum));
            text.Sample(name + "_count", Labels, PrometheusText.Number(total));
        }
    }
}
