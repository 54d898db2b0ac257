using System.Net;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>
/// A verified transfer between two processes on this machine, out of the page cache into a new file in the temporary folder. The clock
/// stops when the last byte is checked and written; nobody waits for the disk.
/// </summary>
internal abstract class TransferRow(bool tls) : BenchmarkRow
{
    private TransferFiles? _files;
    private SwarmEnds? _ours;
    private Libtorrent? _libtorrent;

    public override string Unit => "MB/s";

    protected TransferFiles Files => _files!;

    protected Identities? Identities { get; private set; }

    public override async Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken)
    {
        _files = await TransferFiles.MakeAsync(folder, (folder.Quick ? 512L : 2048L) << 20, sparse: false, cancellationToken);
        Identities = tls ? new Identities(folder) : null;
        _ours = await SwarmEnds.StartAsync([], IPAddress.Loopback, _files, Identities, cancellationToken);
    }

    public override async Task<double> OursAsync(CancellationToken cancellationToken) =>
        Rate((await _ours!.FetchAsync([], cancellationToken)).Seconds);

    public override async Task FinishAsync()
    {
        foreach (var end in new IAsyncDisposable?[] { _ours, _libtorrent })
        {
            if (end is not null)
            {
                await end.DisposeAsync();
            }
        }
    }

    protected async Task<double> LibtorrentAsync(CancellationToken cancellationToken)
    {
        _libtorrent ??= await Libtorrent.StartAsync(Files, Identities, cancellationToken);
        using var copy = Files.NewCopy();
        copy.TouchMemory();
        return Rate(await _libtorrent.FetchAsync(copy, Identities?.Receiver, cancellationToken));
    }

    protected double Rate(double seconds) => Files.Length / 1e6 / seconds;
}
