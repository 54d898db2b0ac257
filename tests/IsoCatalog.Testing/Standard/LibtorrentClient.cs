using System.Globalization;
using System.Net;
using IsoCatalog.Swarm.Metainfo;

namespace IsoCatalog.Testing.Standard;

/// <summary>libtorrent-rasterbar through its Python binding (Debian python3-libtorrent): reads v1, hybrid and v2, and takes orders.</summary>
public sealed class LibtorrentClient : IAsyncDisposable
{
    private const string Script =
        """
        import libtorrent as lt, os, sys, threading, time

        address, encryption = sys.argv[1], sys.argv[2]
        policy = {'plain': 2, 'preferred': 1}[encryption]
        session = lt.session({
            'listen_interfaces': address + ':0', 'outgoing_interfaces': address,
            'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
            'enable_incoming_utp': False, 'enable_outgoing_utp': False, 'allow_multiple_connections_per_ip': True,
            'in_enc_policy': policy, 'out_enc_policy': policy, 'min_reconnect_time': 1,
            'alert_mask': lt.alert.category_t.error_notification | lt.alert.category_t.status_notification
                | lt.alert.category_t.peer_notification | lt.alert.category_t.storage_notification | lt.alert.category_t.connect_notification,
        })
        handles = []

        def obey():
            for line in sys.stdin:
                order, *rest = line.rstrip('\n').split('\t')
                if order == 'add':
                    params = lt.add_torrent_params()
                    params.ti = lt.torrent_info(rest[0])
                    params.save_path = rest[1]
                    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
                    if rest[2] == 'unchecked':
                        params.flags |= lt.torrent_flags.seed_mode
                    handles.append(session.add_torrent(params))
                elif order == 'connect':
                    for handle in handles:
                        handle.connect_peer((rest[0], int(rest[1])))
            os._exit(0)

        def say(text):
            os.write(1, (text.replace('\n', ' ') + '\n').encode())

        threading.Thread(target=obey, daemon=True).start()
        said = False
        while True:
            # Not wait_for_alert: the alert that it returns may have moved in the queue by the time that Python looks at its type.
            time.sleep(0.01)
            for alert in session.pop_alerts():
                say(alert.what() + ' ' + alert.message())
                if isinstance(alert, lt.listen_succeeded_alert) and not said:
                    said = True
                    say('listening ' + str(session.listen_port()))
        """;

    private const string Bindings = "/usr/lib/python3/dist-packages";

    private readonly StandardProcess _process;
    private readonly string _folder;
    private int _torrents;

    private LibtorrentClient(StandardProcess process, string folder, IPEndPoint address)
    {
        _process = process;
        _folder = folder;
        Address = address;
    }

    /// <summary>Where it listens, and the address it calls from.</summary>
    public IPEndPoint Address { get; }

    /// <summary>All its alerts.</summary>
    public string Said => _process.Said;

    /// <param name="folder">Where its files are or come to.</param>
    /// <param name="preferEncryption">Try the obfuscated handshake first, as its own default is, and fall back to plain.</param>
    public static async Task<LibtorrentClient> StartAsync(string folder, CancellationToken cancellationToken, bool preferEncryption = false)
    {
        Directory.CreateDirectory(folder);
        if (!Directory.EnumerateFiles(Bindings, "libtorrent*.so").Any())
        {
            Counterpart.RequireFile(Path.Combine(Bindings, "libtorrent.so"), "python3-libtorrent");
        }

        var address = Loopback.Next();
        var process = StandardProcess.Start(
            "/usr/bin/python3", ["-u", "-c", Script, address.ToString(), preferEncryption ? "preferred" : "plain"], folder);
        try
        {
            var line = await process.LineAsync("listening ", cancellationToken);
            return new LibtorrentClient(
                process, folder, new IPEndPoint(address, int.Parse(line["listening ".Length..], CultureInfo.InvariantCulture)));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds a torrent and returns when the files that are there were checked.</summary>
    /// <param name="image">What the torrent is about.</param>
    /// <param name="kind">Which metainfo it gets.</param>
    /// <param name="unchecked">It takes its file for right without reading it.</param>
    public async Task AddAsync(SeededImage image, TorrentKind kind, CancellationToken cancellationToken, bool @unchecked = false)
    {
        var path = Path.Combine(_folder, $"{++_torrents}.torrent");
        await File.WriteAllBytesAsync(path, image.TorrentFile(kind), cancellationToken);
        await _process.SayAsync($"add\t{path}\t{_folder}\t{(@unchecked ? "unchecked" : "checked")}", cancellationToken);
        if (!@unchecked)
        {
            await _process.LineAsync($"torrent_checked {ImageMetainfo.FileName(image.Digests.Root)}", cancellationToken);
        }
    }

    /// <summary>Tells every torrent of this peer.</summary>
    public Task ConnectAsync(IPEndPoint peer, CancellationToken cancellationToken) =>
        _process.SayAsync($"connect\t{peer.Address}\t{peer.Port}", cancellationToken);

    /// <summary>Waits until it has the whole of an image, checked.</summary>
    public Task FinishedAsync(SeededImage image, CancellationToken cancellationToken) =>
        _process.LineAsync($"torrent_finished {ImageMetainfo.FileName(image.Digests.Root)}", cancellationToken);

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
