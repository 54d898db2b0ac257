using System.Net;

namespace IsoCatalog.Benchmarks.Swarm;

internal sealed class PlainTransferRow() : TransferRow(tls: false)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private RsyncDaemon? _rsync;

    public override string Name => "plain";

    public override string What => "verified transfer 1 -> 1, plain BitTorrent, loopback";

    public override string PeerName => "libtorrent 2.0, v2 torrent";

    public override double? Target => 2.5;

    public override IReadOnlyList<BenchmarkLine> More => [new BenchmarkLine("rsync", RsyncDaemon.Name, 0.7, RsyncAsync)];

    public override Task<double> PeerAsync(CancellationToken cancellationToken) => LibtorrentAsync(cancellationToken);

    public override async Task FinishAsync()
    {
        await base.FinishAsync();
        if (_rsync is not null)
        {
            await _rsync.DisposeAsync();
        }
    }

    private async Task<double> RsyncAsync(CancellationToken cancellationToken)
    {
        _rsync ??= await RsyncDaemon.StartAsync([], Files.Folder, IPAddress.Loopback, RsyncDaemon.FreePort(), cancellationToken);
        using var copy = Files.NewCopy();
        copy.TouchMemory();
        var (_, seconds) = await _rsync.FetchAsync([], Path.GetFileName(Files.Image), copy, Limit, cancellationToken);
        return Rate(seconds);
    }
}
