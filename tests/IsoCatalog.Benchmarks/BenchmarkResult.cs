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

/// <summary>What came of one line of a row: figures, or the reason why there are none.</summary>
internal sealed record BenchmarkResult(
    BenchmarkRow Row, string Name, string PeerName, double? Target, Figures Ours, Figures Peer, int Runs, string? Error)
{
    public double Ratio => Row.LowerIsBetter ? Peer.Median / Ours.Median : Ours.Median / Peer.Median;

    /// <summary>Measures ours and its peers in turns, so that what slows the machine down for a while slows down all of them.</summary>
    public static async Task<IReadOnlyList<BenchmarkResult>> MeasureAsync(
        BenchmarkRow row, BenchmarkFolder folder, IReadOnlyList<string> only, CancellationToken cancellationToken)
    {
        BenchmarkLine[] all = [new BenchmarkLine("", row.PeerName, row.Target, row.PeerAsync), .. row.More];
        var lines = all.Where(line => only.Count == 0 || only.Contains(row.Name) || only.Contains(row.NameOf(line)))
            .Select(line => new Running(line))
            .ToArray();
        var ours = new List<double>();
        var runs = row.Runs(folder.Quick);
        string? error = null;
        try
        {
            await row.PrepareAsync(folder, cancellationToken);
            while (ours.Count < runs)
            {
                ours.Add(await row.OursAsync(cancellationToken));
                foreach (var line in lines)
                {
                    await line.MeasureAsync(cancellationToken);
                }
            }
        }
        catch (BenchmarkException missing)
        {
            error = missing.Message;
        }
        finally
        {
            await row.FinishAsync();
        }

        return [.. lines.Select(line => error is null && line.Error is null
            ? new BenchmarkResult(
                row, row.NameOf(line.Line), line.Line.PeerName, line.Line.Target, Figures.Of(line.Ours ?? ours), Figures.Of(line.Peer), runs, Error: null)
            : new BenchmarkResult(row, row.NameOf(line.Line), line.Line.PeerName, line.Line.Target, default, default, 0, error ?? line.Error))];
    }

    private sealed class Running(BenchmarkLine line)
    {
        public BenchmarkLine Line => line;

        public List<double>? Ours { get; } = line.Ours is null ? null : [];

        public List<double> Peer { get; } = [];

        public string? Error { get; private set; }

        public async Task MeasureAsync(CancellationToken cancellationToken)
        {
            Ours?.Add(line.Ours!());
            if (Error is not null)
            {
                return;
            }

            try
            {
                Peer.Add(await line.PeerAsync(cancellationToken));
                await Console.Error.WriteLineAsync($"  {line.PeerName}: {Peer[^1]:0.##}");
            }
            catch (BenchmarkException missing)
            {
                // A peer that is not here says nothing about us and the others.
                Error = missing.Message;
            }
        }
    }
}
