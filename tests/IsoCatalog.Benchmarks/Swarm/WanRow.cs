using System.Text.Json;
using IsoCatalog.Testing.Wan;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>
/// A transfer over mutual TLS between two namespaces that are joined by 1 Gbit/s with 100 ms round trip and a queue of 100 ms. Connecting
/// and ramping up are in the figure. The namespaces start with Reno, so that nobody is fast by accident of this host.
/// </summary>
internal sealed class WanRow(double lossPercent) : BenchmarkRow
{
    private const double LinkMegabits = 1000;
    private const int IperfPort = 5201;
    private const int RsyncPort = 873;

    private NetNamespace? _a;
    private NetNamespace? _b;
    private WanLink? _link;
    private TransferFiles? _files;
    private SwarmEnds? _ours;
    private RsyncDaemon? _rsync;
    private bool _quick;

    public override string Name => $"wan-{lossPercent}";

    public override string What => $"512 MiB over TLS, 1 Gbit/s, 100 ms, {lossPercent} % loss";

    public override string PeerName => "the link";

    public override string Unit => "Mbit/s";

    public override double? Target => lossPercent == 0 ? 0.9 : 0.8;

    public override IReadOnlyList<BenchmarkLine> More =>
    [
        new BenchmarkLine("rsync", RsyncDaemon.Name + ", cubic", null, RsyncAsync),
        new BenchmarkLine("cubic", "iperf3, 1 stream, cubic", null, token => IperfAsync("cubic", token)),
        new BenchmarkLine("bbr", "iperf3, 1 stream, bbr", null, token => IperfAsync("bbr", token)),
    ];

    public override async Task PrepareAsync(BenchmarkFolder folder, CancellationToken cancellationToken)
    {
        if (NetNamespace.Lacks is { } missing)
        {
            throw new BenchmarkException(missing);
        }

        _quick = folder.Quick;
        _files = await TransferFiles.MakeAsync(folder, 512L << 20, sparse: false, cancellationToken);
        _a = await NetNamespace.CreateAsync("a", cancellationToken);
        _b = await NetNamespace.CreateAsync("b", cancellationToken);
        foreach (var network in new[] { _a, _b })
        {
            // What the kernel learns in one run about the other end must not help or harm the next.
            await network.SetAsync("net.ipv4.tcp_no_metrics_save", "1", cancellationToken);
            await network.SetAsync("net.ipv4.tcp_congestion_control", "reno", cancellationToken);
        }

        _link = await WanLink.CreateAsync(
            _a, _b, new WanQuality(LinkMegabits, TimeSpan.FromMilliseconds(50), lossPercent), cancellationToken);
        _ours = await SwarmEnds.StartAsync(_a.Wrapper, _link.AddressA, _files, new Identities(folder), cancellationToken);
    }

    public override async Task<double> OursAsync(CancellationToken cancellationToken) =>
        _files!.Length * 8 / 1e6 / (await _ours!.FetchAsync(_b!.Wrapper, cancellationToken)).Seconds;

    public override Task<double> PeerAsync(CancellationToken cancellationToken) => Task.FromResult(LinkMegabits);

    public override async Task FinishAsync()
    {
        foreach (var part in new IAsyncDisposable?[] { _ours, _rsync, _link, _a, _b })
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }
    }

    /// <summary>One stream with the congestion control that most hosts have by default, for a time if it does not get through.</summary>
    private async Task<double> RsyncAsync(CancellationToken cancellationToken)
    {
        await _link!.SetCongestionControlAsync("cubic", cancellationToken);
        try
        {
            _rsync ??= await RsyncDaemon.StartAsync(_a!.Wrapper, _files!.Folder, _link.AddressA, RsyncPort, cancellationToken);
            using var copy = _files!.NewCopy();
            copy.TouchMemory();
            var (bytes, seconds) = await _rsync.FetchAsync(
                _b!.Wrapper, Path.GetFileName(_files.Image), copy, TimeSpan.FromSeconds(_quick ? 3 : 30), cancellationToken);
            return bytes * 8 / 1e6 / seconds;
        }
        finally
        {
            await _link.SetCongestionControlAsync(null, cancellationToken);
        }
    }

    private async Task<double> IperfAsync(string congestionControl, CancellationToken cancellationToken)
    {
        await using var server = LiveChild.Start(_a!.Wrapper, "iperf3", ["--server", "--one-off", "--port", $"{IperfPort}", "--bind", $"{_link!.AddressA}"]);
        try
        {
            for (var attempt = 0; ; attempt++)
            {
                await Task.Delay(100, cancellationToken);
                var result = await _b!.RunAsync(
                    "iperf3",
                    [
                        "--client", $"{_link.AddressA}", "--port", $"{IperfPort}", "--reverse", "--congestion", congestionControl,
                        "--time", _quick ? "3" : "10", "--json",
                    ],
                    TimeSpan.FromMinutes(1),
                    cancellationToken);
                if (result.ExitCode == 0)
                {
                    using var report = JsonDocument.Parse(result.Output);
                    return report.RootElement.GetProperty("end").GetProperty("sum_received").GetProperty("bits_per_second").GetDouble() / 1e6;
                }

                if (attempt > 20)
                {
                    throw new BenchmarkException($"iperf3 failed (Debian package iperf3): {result.Error}{result.Output}");
                }
            }
        }
        finally
        {
            server.Kill();
        }
    }
}
