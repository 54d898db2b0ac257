namespace IsoCatalog.Benchmarks.Api;

/// <summary>The list of 1,000 images at a fixed rate: how long the slowest of a hundred panels waits.</summary>
internal sealed class AvailableRow(bool packed) : BenchmarkRow
{
    private const int Rate = 2000;

    private TimeSpan _warmUp;
    private TimeSpan _duration;
    private PanelSite _site = null!;

    public override string Name => packed ? "available-gzip" : "available";

    public override string What => $"list of 1,000 images{(packed ? ", packed" : "")}, p99 at {Rate:#,0}/s";

    public override string PeerName => "nginx, static file";

    public override string Unit => "ms";

    public override double? Target => null;

    public override bool LowerIsBetter => true;

    public override async Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken)
    {
        _warmUp = TimeSpan.FromSeconds(folder.Quick ? 2 : 5);
        _duration = TimeSpan.FromSeconds(folder.Quick ? 5 : 10);
        _site = await folder.PanelSiteAsync(cancellationToken);
    }

    public override Task<double> OursAsync(CancellationToken cancellationToken) =>
        new PacedClient(_site.Address, PanelSite.Question, Headers, Rate).P99Async(_warmUp, _duration, cancellationToken);

    public override Task<double> PeerAsync(CancellationToken cancellationToken) =>
        new PacedClient(_site.Nginx.Address, PanelSite.File, Headers, Rate).P99Async(_warmUp, _duration, cancellationToken);

    private string Headers => packed ? "Accept-Encoding: gzip\r\n" : "";
}
