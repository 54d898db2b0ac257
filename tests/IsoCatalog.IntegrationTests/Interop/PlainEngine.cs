using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using IsoCatalog.Swarm;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Testing;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.Interop;

/// <summary>Our engine with a plain listener for the whole loopback network, and a folder for its files.</summary>
internal sealed class PlainEngine : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    private readonly TempFolder _folder = new();
    private readonly ConcurrentQueue<SwarmEvent> _events = new();
    private readonly List<SwarmPeer> _peers = [];
    private int _files;

    public PlainEngine(Func<SwarmOptions, SwarmOptions>? with = null)
    {
        var options = new SwarmOptions { ListenPlain = new IPEndPoint(IPAddress.Loopback, 0), PlainAllow = [IPNetwork.Parse("127.0.0.0/8")] };
        Engine = new SwarmEngine(with?.Invoke(options) ?? options, TimeProvider.System, _events.Enqueue);
        Engine.Start();
    }

    public SwarmEngine Engine { get; }

    public IPEndPoint Address => Engine.PlainEndpoint!;

    /// <summary>All that it said, and what it counts.</summary>
    public string Said => string.Join('\n', _events.Select(e => $"{e.Kind} {e.Peer}: {e.Message}")
        .Concat(Engine.Counters.Cuts.Select(cut => $"cut {cut.Key} {cut.Value}"))
        .Concat(Engine.Counters.Bans.Select(ban => $"ban {ban.Key} {ban.Value}")));

    public void Seed(SeededImage image, TorrentKind kind = TorrentKind.Hybrid) =>
        Engine.Seed(TorrentOf(image, kind), image.Place(_folder.Combine($"{++_files}")));

    public void SeedEverySize()
    {
        foreach (var image in InteropImages.OfEverySize)
        {
            Seed(image);
        }
    }

    public Transfer Fetch(SeededImage image, TorrentKind kind = TorrentKind.Hybrid) =>
        Engine.Fetch(TorrentOf(image, kind), _folder.Combine($"{++_files}.part"));

    /// <summary>Tells it of one more standard client.</summary>
    public void Name(string name, IPEndPoint address)
    {
        _peers.Add(new SwarmPeer(name, address, Spki: null));
        Engine.SetPeers([.. _peers]);
    }

    /// <summary>Waits for the end of a fetch and compares every byte with the image.</summary>
    public async Task WholeAsync(Transfer transfer, SeededImage image, CancellationToken cancellationToken)
    {
        try
        {
            Assert.IsType<TransferOutcome.Completed>(await transfer.Completion.WaitAsync(Patience, cancellationToken));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{image.Bytes.Length} bytes were not there after {Patience}: {transfer.Progress}\n{Said}");
        }

        Assert.Equal(SHA256.HashData(image.Bytes), SHA256.HashData(await File.ReadAllBytesAsync(transfer.Path, cancellationToken)));
    }

    /// <summary>Waits for what a client does with us; should it fail, what we did is told too.</summary>
    public async Task ServesAsync(Task client)
    {
        try
        {
            await client;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Assert.Fail($"{error.Message}\nOurs said:\n{Said}");
        }
    }

    /// <summary>Waits until so many connections were cut for the reason.</summary>
    public Task CutAsync(CutReason reason, CancellationToken cancellationToken, int count = 1) =>
        UntilAsync(() => Engine.Counters.Cuts.GetValueOrDefault(reason) >= count, $"{count} cuts for {reason}", cancellationToken);

    /// <summary>Waits until so many peers were banned for the reason.</summary>
    public Task BannedAsync(CutReason reason, CancellationToken cancellationToken, int count = 1) =>
        UntilAsync(() => Engine.Counters.Bans.GetValueOrDefault(reason) >= count, $"{count} bans for {reason}", cancellationToken);

    /// <summary>Looks at what the engine shows of itself until it is so.</summary>
    public async Task UntilAsync(Func<bool> so, string what, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var timer = new PeriodicTimer(Glance);
        try
        {
            while (!so())
            {
                await timer.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"Not within {Patience}: {what}.\n{Said}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        _folder.Dispose();
    }

    // Standard clients that read v1 alone ask for the hash of that metainfo; the engine knows it from the hybrid one.
    private static Torrent TorrentOf(SeededImage image, TorrentKind kind)
    {
        Assert.True(
            Torrent.TryParse(image.TorrentFile(kind == TorrentKind.V2 ? TorrentKind.V2 : TorrentKind.Hybrid), out var torrent, out var error),
            error.ToString());
        return torrent;
    }
}
