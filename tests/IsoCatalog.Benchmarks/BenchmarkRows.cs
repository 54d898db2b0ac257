using IsoCatalog.Benchmarks.Api;
using IsoCatalog.Benchmarks.Hashing;

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
        new AvailableRow(packed: false),
        new AvailableRow(packed: true),
        new NotModifiedRow(),
    }.Where(row => row.Applies)];
}
