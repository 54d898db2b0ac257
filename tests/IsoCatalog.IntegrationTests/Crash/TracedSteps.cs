using System.Diagnostics;
using System.Text.RegularExpressions;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Crash;

/// <summary>
/// strace on a running site. Each step that makes something durable or visible is held at its entry for a moment and is in the log by then; so whoever
/// kills the site on seeing the n-th step kills it before that step and after the one before it, whatever thread runs it.
/// </summary>
/// <remarks>strace's own <c>inject=...:signal=SIGKILL:when=n</c> counts by thread and by call, and the site's steps move between threads.</remarks>
internal sealed partial class TracedSteps : IAsyncDisposable
{
    private const string Calls = "fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat";

    private readonly Process _strace;
    private readonly string _log;
    private readonly string _root;

    private TracedSteps(Process strace, string log, string root) => (_strace, _log, _root) = (strace, log, root);

    public static async Task<TracedSteps> AttachAsync(TestSite site, int holdMs, CancellationToken cancellationToken)
    {
        Counterpart.Require("strace");
        var log = Path.Combine(site.Root, $"strace-{Guid.NewGuid():N}.log");
        string[] arguments =
        [
            "-f", "-y", "-o", log, "-e", "trace=" + Calls, "-e", "signal=none", "-e", $"inject={Calls}:delay_enter={holdMs * 1000}",
            "-p", $"{site.ProcessId}",
        ];
        var strace = Process.Start(new ProcessStartInfo("strace", arguments) { RedirectStandardError = true, UseShellExecute = false })!;

        // "Process N attached with M threads" comes once all of them are traced.
        var line = await strace.StandardError.ReadLineAsync(cancellationToken);
        Assert.Contains("attached", line, StringComparison.Ordinal);
        _ = strace.StandardError.ReadToEndAsync(cancellationToken);
        return new TracedSteps(strace, log, site.Root);
    }

    /// <summary>The steps so far in the order of their entries, as call and kind of path.</summary>
    public IReadOnlyList<string> Steps()
    {
        using var stream = new FileStream(_log, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        List<string> steps = [];
        while (reader.ReadLine() is { } line)
        {
            if (Entry().Match(line) is { Success: true } entry)
            {
                var paths = PathIn().Matches(line[entry.Length..]).Select(p => p.Value).Where(p => p.StartsWith(_root, StringComparison.Ordinal));
                steps.Add($"{entry.Groups["call"].Value} {string.Join(" -> ", paths.Select(Kind))}");
            }
        }

        return steps;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_strace.HasExited)
        {
            _strace.Kill();
            await _strace.WaitForExitAsync(CancellationToken.None);
        }

        _strace.Dispose();
    }

    private string Kind(string path)
    {
        var kind = path[_root.Length..].TrimStart('/').Replace("data/", "", StringComparison.Ordinal);
        kind = Random().Replace(kind, ".tmp");
        kind = Hex().Replace(kind, "ROOT");
        kind = Adding().Replace(kind, "staging/*");
        kind = Shard().Replace(kind, "${place}/aa");
        return ImageName().Replace(kind, "NAME");
    }

    [GeneratedRegex(@"^\d+ +(?<call>\w+)\(", RegexOptions.None, 1000)]
    private static partial Regex Entry();

    [GeneratedRegex(@"(?<=[<""])/[^>""]*", RegexOptions.None, 1000)]
    private static partial Regex PathIn();

    [GeneratedRegex(@"\.[0-9a-f]{8}\.tmp", RegexOptions.None, 1000)]
    private static partial Regex Random();

    [GeneratedRegex("[0-9a-f]{64}", RegexOptions.None, 1000)]
    private static partial Regex Hex();

    [GeneratedRegex("staging/add-[0-9a-f]+", RegexOptions.None, 1000)]
    private static partial Regex Adding();

    [GeneratedRegex("^(?<place>store|retired)/[0-9a-f]{2}(?=/|$)", RegexOptions.None, 1000)]
    private static partial Regex Shard();

    [GeneratedRegex(@"image-\d+\.iso", RegexOptions.None, 1000)]
    private static partial Regex ImageName();
}
