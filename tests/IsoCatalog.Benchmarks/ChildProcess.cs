using System.ComponentModel;
using System.Diagnostics;

namespace IsoCatalog.Benchmarks;

/// <summary>Starts a program and waits until it ends.</summary>
internal static class ChildProcess
{
    /// <returns>What it wrote, and the wall time from start to exit.</returns>
    /// <exception cref="BenchmarkException">It is not installed, or it failed.</exception>
    public static async Task<(string Output, TimeSpan Elapsed)> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = new Process { StartInfo = start };
        var began = Stopwatch.GetTimestamp();
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            throw new BenchmarkException($"'{program}' cannot be started: install it (on Debian: apt install {Path.GetFileName(program)}).");
        }

        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            var elapsed = Stopwatch.GetElapsedTime(began);
            return process.ExitCode == 0
                ? (await output, elapsed)
                : throw new BenchmarkException($"{program} failed with exit code {process.ExitCode}: {(await error).Trim()}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
