using System.Net;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>
/// What the engine needs while a big image goes over mutual TLS: the most that was ever resident (VmHWM) of the whole process, runtime and
/// all, which has fetched before. 8 GiB are random bytes; more are zeros, which take no room on either side.
/// </summary>
internal sealed class MemoryRow(int gibibytes) : BenchmarkRow
{
    private const int Quick = 1;

    private TransferFiles? _files;
    private Identities? _identities;
    private double _sender;

    public override string Name => gibibytes == 8 ? "memory" : $"memory-{gibibytes}g";

    public override string What => $"peak memory of the receiver over TLS, {gibibytes} GiB{(OnlyByName ? "" : $" ({Quick} GiB with --quick)")}";

    public override string PeerName => "the limit";

    public override string Unit => "MB";

    public override double? Target => 1;

    public override bool LowerIsBetter => true;

    public override bool OnlyByName => gibibytes > 8;

    public override IReadOnlyList<BenchmarkLine> More =>
        [new BenchmarkLine("sender", "the limit", 1, PeerAsync) { Ours = () => _sender }];

    public override int Runs(bool quick) => quick || OnlyByName ? 1 : 3;

    public override async Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken)
    {
        _files = await TransferFiles.MakeAsync(folder, (folder.Quick ? Quick : (long)gibibytes) << 30, sparse: OnlyByName, cancellationToken);
        _identities = new Identities(folder);
    }

    public override async Task<double> OursAsync(CancellationToken cancellationToken)
    {
        await using var ends = await SwarmEnds.StartAsync([], IPAddress.Loopback, _files!, _identities, cancellationToken);
        var run = await ends.FetchAsync([], cancellationToken);
        _sender = await ends.EndAsync(cancellationToken) / 1e6;
        return run.Memory / 1e6;
    }

    public override Task<double> PeerAsync(CancellationToken cancellationToken) => Task.FromResult(gibibytes > 8 ? 400.0 : 350.0);
}
