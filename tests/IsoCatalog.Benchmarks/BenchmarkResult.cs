namespace IsoCatalog.Benchmarks;

/// <summary>Figures of one side over all runs.</summary>
internal readonly record struct Figures(double Median, double Least, double Most)
{
    public static Figures Of(List<double> runs)
    {
        var sorted = runs.Order().ToArray();
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Figures(median, sorted[0], sorted[^1]);
    }
}

/// <summary>What came of a row: figures, or the reason why there are none.</summary>
internal sealed record BenchmarkResult(BenchmarkRow Row, Figures Ours, Figures Peer, int Runs, string? Error)
{
    public double Ratio => Row.LowerIsBetter ? Peer.Median / Ours.Median : Ours.Median / Peer.Median;

    /// <summary>Measures both sides in turns, so that what slows the machine down for a while slows down both.</summary>
    public static async Task<BenchmarkResult> MeasureAsync(BenchmarkRow row, BenchmarkFolder folder, int runs, CancellationToken cancellationToken)
    {
        try
        {
            await row.PrepareAsync(folder, cancellationToken);
            var (ours, peer) = (new List<double>(), new List<double>());
            for (var run = 0; run < runs; run++)
            {
                ours.Add(await row.OursAsync(cancellationToken));
                peer.Add(await row.PeerAsync(cancellationToken));
            }

            return new BenchmarkResult(row, Figures.Of(ours), Figures.Of(peer), runs, Error: null);
        }
        catch (BenchmarkException missing)
        {
            return new BenchmarkResult(row, default, default, 0, missing.Message);
        }
    }
}
