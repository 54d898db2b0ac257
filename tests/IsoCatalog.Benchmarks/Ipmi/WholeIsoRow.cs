using System.Globalization;

namespace IsoCatalog.Benchmarks.Ipmi;

/// <summary>One reader takes a whole image over plain HTTP, as an installer that copies its medium does.</summary>
internal sealed class WholeIsoRow : BenchmarkRow
{
    private static readonly Dictionary<string, string> NoProxy = new(StringComparer.Ordinal) { ["no_proxy"] = "*" };

    private IsoSite _site = null!;

    public override string Name => "iso";

    public override string What => "a whole image to one BMC, plain HTTP";

    public override string PeerName => "nginx, sendfile";

    public override string Unit => "MB/s";

    public override double? Target => 0.9;

    public override async Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken)
    {
        _site = await folder.IsoSiteAsync(cancellationToken);

        // Whatever reads first brings the file into the page cache and the code into shape.
        await SpeedAsync(_site.Ours, cancellationToken);
        await SpeedAsync(_site.Peer, cancellationToken);
    }

    public override Task<double> OursAsync(CancellationToken cancellationToken) => SpeedAsync(_site.Ours, cancellationToken);

    public override Task<double> PeerAsync(CancellationToken cancellationToken) => SpeedAsync(_site.Peer, cancellationToken);

    private async Task<double> SpeedAsync(Uri image, CancellationToken cancellationToken)
    {
        var (output, _) = await ChildProcess.RunAsync(
            "curl", ["--silent", "--show-error", "--fail", "--output", "/dev/null", "--write-out", "%{size_download} %{time_total}", image.ToString()], NoProxy, cancellationToken);
        var words = output.Split(' ');
        return long.Parse(words[0], CultureInfo.InvariantCulture) == _site.Length
            ? _site.Length / 1e6 / double.Parse(words[1], CultureInfo.InvariantCulture)
            : throw new BenchmarkException($"curl got {words[0]} bytes of {image} instead of {_site.Length}.");
    }
}
