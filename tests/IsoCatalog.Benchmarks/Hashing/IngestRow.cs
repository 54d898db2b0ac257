namespace IsoCatalog.Benchmarks.Hashing;

/// <summary>Flat SHA-256, v2 tree and v1 pieces in one read, on two cores where there are two.</summary>
internal sealed class IngestRow(Processor processor) : HashingRow(processor)
{
    public override string Name => "ingest" + Processor.Suffix;

    public override string What => "SHA-256, v2 and v1 in one read";

    public override double? Target => 0.9;

    protected override string Work => HashingChild.Ingest;
}
