namespace IsoCatalog.Benchmarks.Swarm;

internal sealed class TlsTransferRow() : TransferRow(tls: true)
{
    private LiveChild? _copySender;
    private int _copyPort;

    public override string Name => "tls";

    public override string What => "verified transfer 1 -> 1, mutual TLS 1.3, loopback";

    public override string PeerName => "bare SslStream file copy";

    public override double? Target => 0.8;

    public override IReadOnlyList<BenchmarkLine> More => [new BenchmarkLine("libtorrent", "libtorrent 2.0, TLS torrent", 2, LibtorrentAsync)];

    public override async Task<double> PeerAsync(CancellationToken cancellationToken)
    {
        var (sender, receiver) = (Identities!.Sender, Identities.Receiver);
        if (_copySender is null)
        {
            _copySender = LiveChild.StartSelf([], SslCopyChild.Verb, "serve", Files.Image, sender.Certificate, sender.Key, receiver.Spki);
            _copyPort = (int)await _copySender.ReadAsync("port", cancellationToken);
        }

        using var copy = Files.NewCopy();
        await using var fetcher = LiveChild.StartSelf(
            [], SslCopyChild.Verb, "fetch", copy.Image, $"{_copyPort}", receiver.Certificate, receiver.Key, sender.Spki);
        await fetcher.WhenReadyAsync(copy.TouchMemory, cancellationToken);
        return Rate(await fetcher.ReadAsync("seconds", cancellationToken));
    }

    public override async Task FinishAsync()
    {
        await base.FinishAsync();
        if (_copySender is not null)
        {
            await _copySender.DisposeAsync();
        }
    }
}
