using System.Runtime.InteropServices;
using IsoCatalog.Benchmarks;
using IsoCatalog.Benchmarks.Hashing;
using IsoCatalog.Benchmarks.Swarm;

if (args is [HashingChild.Verb, .. var work])
{
    return HashingChild.Run(work);
}

if (args is [SwarmChild.Verb, .. var ends])
{
    return await SwarmChild.RunAsync(ends);
}

if (args is [SslCopyChild.Verb, .. var copies])
{
    return await SslCopyChild.RunAsync(copies);
}

var rows = BenchmarkRows.All();
if (!BenchmarkOptions.TryParse(args, rows, out var options, out var message))
{
    await Console.Error.WriteLineAsync(message);
    return 2;
}

if (options.Help)
{
    await Console.Out.WriteLineAsync(BenchmarkOptions.Usage(rows));
    return 0;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

// What was told to the kernel is taken back then too.
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    stop.Cancel();
});

using var memory = new FreeMemory();
await using var folder = new BenchmarkFolder(options.Quick);
var results = new List<BenchmarkResult>();
try
{
    foreach (var row in rows.Where(options.Includes))
    {
        await Console.Error.WriteLineAsync($"{row.Name}: {row.What} ...");
        results.AddRange(await BenchmarkResult.MeasureAsync(row, folder, options.Only, stop.Token));
    }
}
catch (OperationCanceledException)
{
    return 130;
}

if (options.Json)
{
    await Console.Out.WriteLineAsync(BenchmarkJson.Write(results));
}
else
{
    BenchmarkTable.Write(results);
}

return results.Exists(result => result.Error is not null) ? 1 : 0;
