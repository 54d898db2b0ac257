using System.ComponentModel;
using System.Diagnostics;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>
/// A program that goes on while others are measured. It says what it has to say in lines of a word and a number, and ends when its
/// standard input does, or is killed.
/// </summary>
internal sealed class LiveChild : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    private readonly string _name;
    private readonly Process _process;
    private readonly Task<string> _errors;

    private LiveChild(string name, Process process) =>
        (_name, _process, _errors) = (name, process, process.StandardError.ReadToEndAsync());

    /// <param name="wrapper">Words that go before the program, to start it elsewhere; may be empty.</param>
    /// <exception cref="BenchmarkException">It is not installed.</exception>
    public static LiveChild Start(IReadOnlyList<string> wrapper, string program, IEnumerable<string> arguments)
    {
        string[] words = [.. wrapper, program, .. arguments];
        try
        {
            return new LiveChild(Path.GetFileName(program), Process.Start(new ProcessStartInfo(words[0], words[1..])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!);
        }
        catch (Win32Exception)
        {
            throw new BenchmarkException($"'{words[0]}' cannot be started: install it.");
        }
    }

    /// <summary>This program itself, doing the work of a verb.</summary>
    public static LiveChild StartSelf(IReadOnlyList<string> wrapper, params IEnumerable<string> arguments) =>
        Start(wrapper, Path.ChangeExtension(typeof(LiveChild).Assembly.Location, null), arguments);

    /// <summary>Waits for the line with this word and returns its number; lines with other words before it are passed over.</summary>
    public async Task<double> ReadAsync(string word, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.Split(' ') is [var said, var number] && said == word)
                {
                    return double.Parse(number);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BenchmarkException($"{_name} did not say '{word}' within {Patience.TotalMinutes} minutes.");
        }

        throw new BenchmarkException($"{_name} ended without saying '{word}': {(await _errors).Trim()}");
    }

    /// <summary>Lets a program begin that says when it is ready.</summary>
    public async Task WhenReadyAsync(Action before, CancellationToken cancellationToken)
    {
        await ReadAsync("ready", cancellationToken);
        before();
        await _process.StandardInput.WriteLineAsync();
    }

    /// <summary>Waits for the end of a program that ends by itself, and returns how it ended.</summary>
    public async Task<int> EndAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Asks it to end, so that it can still say something.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    public void Kill() => _process.Kill(entireProcessTree: true);

    public async Task<string> ErrorsAsync() => (await _errors).Trim();

    public async ValueTask DisposeAsync()
    {
        CloseInput();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }
}
