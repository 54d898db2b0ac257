using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace IsoCatalog.Benchmarks.Api;

/// <summary>The same question again, with the tag of the answer: what a panel that asks every few seconds costs.</summary>
internal sealed partial class NotModifiedRow : BenchmarkRow
{
    private string _seconds = "10";
    private string _nginxTag = "";
    private PanelSite _site = null!;

    public override string Name => "available-304";

    public override string What => "the same list, not changed (304)";

    public override string PeerName => "nginx, static file, 304";

    public override string Unit => "requests/s";

    public override double? Target => 0.5;

    public override async Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken)
    {
        _seconds = folder.Quick ? "3" : "10";
        _site = await folder.PanelSiteAsync(cancellationToken);
        _nginxTag = await _site.Nginx.TagAsync(PanelSite.File, cancellationToken);
        await RateAsync(_site.Address, PanelSite.Question, _site.Tag, cancellationToken);
    }

    public override Task<double> OursAsync(CancellationToken cancellationToken) =>
        RateAsync(_site.Address, PanelSite.Question, _site.Tag, cancellationToken);

    public override Task<double> PeerAsync(CancellationToken cancellationToken) =>
        RateAsync(_site.Nginx.Address, PanelSite.File, _nginxTag, cancellationToken);

    private async Task<double> RateAsync(IPEndPoint server, string path, string tag, CancellationToken cancellationToken)
    {
        var (output, _) = await ChildProcess.RunAsync(
            "wrk",
            ["-t1", "-c32", $"-d{_seconds}", "-H", $"If-None-Match: {tag}", $"http://{server}{path}"],
            new Dictionary<string, string>(StringComparer.Ordinal),
            cancellationToken);

        // wrk counts 304 as an answer like any other, so a whole body would show only in what was transferred.
        return output.Contains("Non-2xx", StringComparison.Ordinal) || BodiesIn().IsMatch(output) || Rate().Match(output) is not { Success: true } rate
            ? throw new BenchmarkException($"wrk got other answers than 304 from {server}: {output}")
            : double.Parse(rate.Groups["rate"].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"Requests/sec:\s+(?<rate>[0-9.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate();

    [GeneratedRegex(@"Transfer/sec:\s+[0-9.]+GB", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BodiesIn();
}
