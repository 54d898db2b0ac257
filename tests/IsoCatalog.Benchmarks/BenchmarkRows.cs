using IsoCatalog.Benchmarks.Api;
using IsoCatalog.Benchmarks.Fleet;
using IsoCatalog.Benchmarks.Hashing;
using IsoCatalog.Benchmarks.Ipmi;
using IsoCatalog.Benchmarks.Swarm;

namespace IsoCatalog.Benchmarks;

/// <summary>All lines of the table, in its order.</summary>
internal static class BenchmarkRows
{
    public static IReadOnlyList<BenchmarkRow> All() => [.. new BenchmarkRow[]
    {
        new MerkleRow(Processor.AsItIs),
        new MerkleRow(Processor.WithoutShaNi),
        new IngestRow(Processor.AsItIs),
        new IngestRow(Processor.WithoutShaNi),
        new PlainTransferRow(),
        new TlsTransferRow(),
        new WanRow(0),
        new WanRow(0.01),
        new WanRow(0.1),
        new DropRow(),
        new FanOutRow(),
        new MemoryRow(gibibytes: 8),
        new MemoryRow(gibibytes: 64),
        new WholeIsoRow(),
        new IsoRangesRow(),
        new AvailableRow(packed: false),
        new AvailableRow(packed: true),
        new NotModifiedRow(),
    }.Where(row => row.Applies)];
}
