using System.Net;

namespace IsoCatalog.Testing.Standard;

/// <summary>
/// transmission-daemon 3.00: v1 only, no way to name it a peer but a tracker, and loopback addresses that a tracker names are ignored by it: it
/// must be called. It checks what is in its folder, then fetches the rest and seeds. How far it is, its tracker hears.
/// </summary>
public sealed class TransmissionClient : IAsyncDisposable
{
    private readonly StandardProcess _process;
    private readonly TestTracker _tracker;
    private readonly IPAddress _address;

    private TransmissionClient(StandardProcess process, TestTracker tracker, IPAddress address) =>
        (_process, _tracker, _address) = (process, tracker, address);

    public string Said => _process.Said;

    /// <param name="folder">Where its files are or come to.</param>
    /// <param name="images">What it fetches and seeds.</param>
    /// <param name="tracker">Its tracker.</param>
    public static TransmissionClient Start(string folder, IEnumerable<SeededImage> images, TestTracker tracker)
    {
        var program = Counterpart.Require("transmission-daemon");
        var settings = Directory.CreateDirectory(Path.Combine(folder, "settings")).FullName;
        var watched = Directory.CreateDirectory(Path.Combine(folder, "watched")).FullName;
        foreach (var image in images)
        {
            File.WriteAllBytes(Path.Combine(watched, $"{image.Digests.Root}.torrent"), image.TorrentFile(TorrentKind.V1, tracker.Url));
        }

        var address = Loopback.Next();
        File.WriteAllText(
            Path.Combine(settings, "settings.json"),
            $$"""
            {
              "bind-address-ipv4": "{{address}}", "bind-address-ipv6": "::1", "peer-port-random-on-start": true,
              "peer-port-random-low": 20000, "peer-port-random-high": 30000, "port-forwarding-enabled": false,
              "dht-enabled": false, "lpd-enabled": false, "pex-enabled": false, "utp-enabled": false, "encryption": 1,
              "rpc-enabled": false, "cache-size-mb": 0, "download-dir": "{{folder}}", "incomplete-dir-enabled": false,
              "watch-dir-enabled": true, "watch-dir": "{{watched}}", "start-added-torrents": true, "download-queue-enabled": false,
              "seed-queue-enabled": false, "ratio-limit-enabled": false, "rename-partial-files": false, "preallocation": 0
            }
            """);
        return new TransmissionClient(
            StandardProcess.Start(program, ["--foreground", "--config-dir", settings, "--log-error"], folder), tracker, address);
    }

    /// <summary>Where it listens for this torrent, once it has checked its file and started.</summary>
    public async Task<IPEndPoint> StartedAsync(SeededImage image, CancellationToken cancellationToken) =>
        (await HeardAsync(image, _ => true, cancellationToken)).Peer;

    /// <summary>Waits until it has the whole of an image, checked.</summary>
    public Task FinishedAsync(SeededImage image, CancellationToken cancellationToken) =>
        HeardAsync(image, static announce => announce.Left == 0, cancellationToken);

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private Task<Announce> HeardAsync(SeededImage image, Func<Announce, bool> wanted, CancellationToken cancellationToken) => _tracker.HeardAsync(
        image.WireHash(TorrentKind.V1), announce => announce.Peer.Address.Equals(_address) && wanted(announce), cancellationToken);
}
