using System.Net;

namespace IsoCatalog.Testing.Standard;

/// <summary>aria2c 1.36: v1 only, hears of peers from its tracker.</summary>
public sealed class Aria2Client : IAsyncDisposable
{
    private readonly StandardProcess _process;
    private readonly TestTracker _tracker;
    private readonly IPAddress _address;

    private Aria2Client(StandardProcess process, TestTracker tracker, IPAddress address) =>
        (_process, _tracker, _address) = (process, tracker, address);

    public string Said => _process.Said;

    /// <param name="folder">Where its files are or come to.</param>
    /// <param name="images">What it fetches and seeds.</param>
    /// <param name="tracker">Its tracker.</param>
    /// <param name="seeds">Goes on when it is complete; else it ends then, with 0.</param>
    /// <param name="unchecked">It takes its files for right without reading them.</param>
    public static Aria2Client Start(
        string folder, IEnumerable<SeededImage> images, TestTracker tracker, bool seeds, bool @unchecked = false)
    {
        var program = Counterpart.Require("aria2c");
        var files = new List<string>();
        foreach (var image in images)
        {
            var file = Path.Combine(Directory.CreateDirectory(folder).FullName, $"{image.Digests.Root}.torrent");
            File.WriteAllBytes(file, image.TorrentFile(TorrentKind.V1, tracker.Url));
            files.Add(file);
        }

        var address = Loopback.Next();
        List<string> arguments =
        [
            "--no-conf", "--enable-dht=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--disable-ipv6=true",
            "--listen-port=20000-30000", $"--interface={address}", "--max-concurrent-downloads=50", $"--dir={folder}", "--allow-overwrite=true",
            "--file-allocation=none", "--summary-interval=0", "--enable-color=false", "--console-log-level=notice", "--download-result=hide",
            "--check-integrity=true", seeds ? "--seed-ratio=0.0" : "--seed-time=0", "--bt-max-peers=0", "--bt-tracker-interval=1",
            @unchecked ? "--bt-seed-unverified=true" : "--bt-hash-check-seed=true", .. files,
        ];
        return new Aria2Client(StandardProcess.Start(program, arguments, folder), tracker, address);
    }

    /// <summary>Where it listens for this torrent, once it has started.</summary>
    public async Task<IPEndPoint> StartedAsync(SeededImage image, CancellationToken cancellationToken) =>
        (await _tracker.HeardAsync(image.WireHash(TorrentKind.V1), announce => announce.Peer.Address.Equals(_address), cancellationToken)).Peer;

    /// <summary>Waits until it has all its images, checked, and ended.</summary>
    public Task<int> EndAsync(CancellationToken cancellationToken) => _process.EndAsync(cancellationToken);

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
