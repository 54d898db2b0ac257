using System.Globalization;
using System.Text.RegularExpressions;

namespace IsoCatalog.Benchmarks.Ipmi;

/// <summary>Many BMCs read here and there, 64 KiB at a time: what mounting and booting looks like.</summary>
internal sealed partial class IsoRangesRow : BenchmarkRow
{
    private const int Length = 64 << 10;
    private static readonly Dictionary<string, string> AsItIs = new(StringComparer.Ordinal);

    private string _seconds = "10";
    private string _script = "";
    private IsoSite _site = null!;

    public override string Name => "iso-ranges";

    public override string What => "64 KiB at random places of an image, 32 connections, plain HTTP";

    public override string PeerName => "nginx, sendfile";

    public override string Unit => "requests/s";

    public override double? Target => 0.6;

    public override async Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken)
    {
        _seconds = folder.Quick ? "3" : "10";
        _site = await folder.IsoSiteAsync(cancellationToken);
        _script = Path.Combine(folder.FullName, "ranges.lua");
        await File.WriteAllTextAsync(
            _script,
            $"""
            request = function()
              local from = math.random(0, {_site.Length / Length - 1}) * {Length}
              return wrk.format("GET", nil, {"{"} Range = "bytes=" .. from .. "-" .. (from + {Length - 1}) {"}"})
            end
            done = function(summary) io.write("Each: ", math.floor(summary.bytes / summary.requests), "\n") end

            """,
            cancellationToken);
        await RateAsync(_site.Ours, cancellationToken);
    }

    public override Task<double> OursAsync(CancellationToken cancellationToken) => RateAsync(_site.Ours, cancellationToken);

    public override Task<double> PeerAsync(CancellationToken cancellationToken) => RateAsync(_site.Peer, cancellationToken);

    private async Task<double> RateAsync(Uri image, CancellationToken cancellationToken)
    {
        var (output, _) = await ChildProcess.RunAsync("wrk", ["-t1", "-c32", $"-d{_seconds}", "-s", _script, image.ToString()], AsItIs, cancellationToken);

        // A whole image counts as an answer like any other; the mean length shows it. Headers are in it too, and what had begun at the end.
        return !output.Contains("Non-2xx", StringComparison.Ordinal)
            && Each().Match(output) is { Success: true } each && int.Parse(each.Groups["bytes"].Value, CultureInfo.InvariantCulture) is >= Length and < Length + 2048
            && Rate().Match(output) is { Success: true } rate
                ? double.Parse(rate.Groups["rate"].Value, CultureInfo.InvariantCulture)
                : throw new BenchmarkException($"wrk got other answers than ranges of {Length} bytes from {image}: {output}");
    }

    [GeneratedRegex(@"Requests/sec:\s+(?<rate>[0-9.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate();

    [GeneratedRegex(@"Each: (?<bytes>[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Each();
}
