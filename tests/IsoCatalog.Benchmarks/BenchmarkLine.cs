namespace IsoCatalog.Benchmarks;

/// <summary>
/// One more peer of a row, measured in turns with the others; in the table it is a line of its own, <c>row-suffix</c>, with our figure again.
/// </summary>
/// <param name="Target">The least ratio that we want, or null where the peer is there for information.</param>
/// <param name="PeerAsync">As <see cref="BenchmarkRow.PeerAsync"/>.</param>
internal sealed record BenchmarkLine(string Suffix, string PeerName, double? Target, Func<CancellationToken, Task<double>> PeerAsync)
{
    /// <summary>Where the line has another figure of ours than its row, taken in the same run.</summary>
    public Func<double>? Ours { get; init; }
}
