using System.Diagnostics;
using System.Text;
using Xunit;

namespace IsoCatalog.Testing.Standard;

/// <summary>
/// A counterpart that runs beside the test until it is disposed. What it says is kept, and a test waits for a line of it; a program that ends
/// instead fails that test with all that it said.
/// </summary>
public sealed class StandardProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly Lock _lock = new();
    private readonly Process _process;
    private readonly Task _reading;
    private readonly List<string> _lines = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _ended;

    private StandardProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError)).ContinueWith(
            _ => Report(line: null), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Everything that was said until now, both streams.</summary>
    public string Said
    {
        get
        {
            lock (_lock)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public static StandardProcess Start(string program, IEnumerable<string> arguments, string folder)
    {
        var start = new ProcessStartInfo(program.Contains('/', StringComparison.Ordinal) ? program : Counterpart.Require(program), arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            WorkingDirectory = folder,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["HOME"] = folder;
        return new StandardProcess(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start."));
    }

    public async Task SayAsync(string line, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
    }

    /// <summary>The first line that starts with these words, said before or still to come; <paramref name="nth"/> counts from 1.</summary>
    public async Task<string> LineAsync(string start, CancellationToken cancellationToken, int nth = 1)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        while (true)
        {
            Task news;
            lock (_lock)
            {
                if (_lines.Where(line => line.StartsWith(start, StringComparison.Ordinal)).Skip(nth - 1).FirstOrDefault() is { } found)
                {
                    return found;
                }

                if (_ended)
                {
                    var how = _process.HasExited ? $"ended with {_process.ExitCode}" : "closed its output";
                    Assert.Fail($"The program {how} before it said '{start}' ({nth}). It said:\n{string.Join('\n', _lines)}");
                }

                news = _news.Task;
            }

            try
            {
                await news.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                Assert.Fail($"The program did not say '{start}' ({nth}) within {Patience}. It said:\n{Said}");
            }
        }
    }

    /// <summary>Waits for the end and returns the exit code.</summary>
    public async Task<int> EndAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException cancelled) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The program was still running after {Patience}. It said:\n{Said}", cancelled);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            Report(line);
        }
    }

    private void Report(string? line)
    {
        TaskCompletionSource news;
        lock (_lock)
        {
            if (line is null)
            {
                _ended = true;
            }
            else
            {
                _lines.Add(line);
            }

            (news, _news) = (_news, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        news.SetResult();
    }
}
