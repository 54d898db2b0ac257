using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>libtorrent's end of a row: <c>libtorrent_peer.py</c> says how it is set up.</summary>
internal sealed class Libtorrent : IAsyncDisposable
{
    // The Python of the Debian package, whichever other one PATH may have.
    private const string Python = "/usr/bin/python3";

    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "Swarm", "libtorrent_peer.py");

    private readonly LiveChild _seeder;
    private readonly string _torrent;
    private readonly int _port;

    private Libtorrent(LiveChild seeder, string torrent, int port) => (_seeder, _torrent, _port) = (seeder, torrent, port);

    /// <param name="identities">For a TLS torrent; null for a plain one.</param>
    /// <exception cref="BenchmarkException">It is not installed, or failed.</exception>
    public static async Task<Libtorrent> StartAsync(TransferFiles files, Identities? identities, CancellationToken cancellationToken)
    {
        try
        {
            await ChildProcess.RunAsync(Python, ["-c", "import libtorrent"], new Dictionary<string, string>(StringComparer.Ordinal), cancellationToken);
        }
        catch (BenchmarkException)
        {
            throw new BenchmarkException("libtorrent is not installed for /usr/bin/python3: install the Debian package python3-libtorrent.");
        }

        var torrent = Path.Combine(files.Folder, identities is null ? "libtorrent.torrent" : "libtorrent-tls.torrent");
        string[] ca = identities is null ? [] : [identities.Ca];
        await ChildProcess.RunAsync(
            Python,
            [Script, "make", files.Image, $"{PieceLength.For(files.Length)}", torrent, .. ca],
            new Dictionary<string, string>(StringComparer.Ordinal),
            cancellationToken);
        var seeder = LiveChild.Start([], Python, [Script, "seed", torrent, files.Folder, .. Of(identities?.Sender)]);
        try
        {
            return new Libtorrent(seeder, torrent, (int)await seeder.ReadAsync("port", cancellationToken));
        }
        catch
        {
            await seeder.DisposeAsync();
            throw;
        }
    }

    /// <returns>Seconds until it has and has checked everything.</returns>
    public async Task<double> FetchAsync(TransferCopy copy, Identity? identity, CancellationToken cancellationToken)
    {
        await using var fetcher = LiveChild.Start([], Python, [Script, "fetch", _torrent, copy.Folder, $"{_port}", .. Of(identity)]);
        return await fetcher.ReadAsync("seconds", cancellationToken);
    }

    public ValueTask DisposeAsync() => _seeder.DisposeAsync();

    private static string[] Of(Identity? identity) => identity is null ? [] : [identity.Certificate, identity.Key];
}
