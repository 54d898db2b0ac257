using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>An rsync daemon that serves a folder, and the client beside it. It checks a whole-file hash in memory and nothing on the disk.</summary>
internal sealed class RsyncDaemon : IAsyncDisposable
{
    private readonly LiveChild _daemon;
    private readonly string _url;

    private RsyncDaemon(LiveChild daemon, string url) => (_daemon, _url) = (daemon, url);

    public const string Name = "rsync daemon";

    /// <param name="wrapper">Where the daemon runs.</param>
    /// <param name="port">A free port there.</param>
    /// <exception cref="BenchmarkException">There is no rsync here, or it did not start.</exception>
    public static async Task<RsyncDaemon> StartAsync(
        IReadOnlyList<string> wrapper, string folder, IPAddress address, int port, CancellationToken cancellationToken)
    {
        await ChildProcess.RunAsync("rsync", ["--version"], new Dictionary<string, string>(StringComparer.Ordinal), cancellationToken);
        var configuration = Path.Combine(folder, "rsyncd.conf");
        await File.WriteAllTextAsync(
            configuration,
            $"""
            use chroot = no
            max verbosity = 0
            {(Environment.IsPrivilegedProcess ? "uid = root\ngid = root" : "")}
            [images]
            path = {folder}
            read only = yes

            """,
            cancellationToken);

        // Its standard input must not look like that of a daemon started by inetd.
        var daemon = LiveChild.Start(
            wrapper,
            "sh",
            ["-c", "exec rsync \"$@\" < /dev/null", "sh", "--daemon", "--no-detach", "--config", configuration, "--address", $"{address}", "--port", $"{port}"]);
        var rsync = new RsyncDaemon(daemon, $"rsync://{address}:{port}/images/");
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began).TotalSeconds < 10;)
        {
            await using var client = LiveChild.Start(wrapper, "rsync", [rsync._url]);
            if (await client.EndAsync(cancellationToken) == 0)
            {
                return rsync;
            }

            await Task.Delay(50, cancellationToken);
        }

        await rsync.DisposeAsync();
        throw new BenchmarkException($"The rsync daemon does not answer: {await daemon.ErrorsAsync()}");
    }

    /// <summary>A port that was free a moment ago: rsync does not take 0.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Fetches a file whole, or as much of it as comes before the limit.</summary>
    /// <returns>Bytes and seconds.</returns>
    public async Task<(double Bytes, double Seconds)> FetchAsync(
        IReadOnlyList<string> wrapper, string name, TransferCopy copy, TimeSpan limit, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        await using var client = LiveChild.Start(wrapper, "rsync", ["--whole-file", "--inplace", _url + name, copy.Folder + "/"]);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(limit);
        try
        {
            if (await client.EndAsync(enough.Token) != 0)
            {
                throw new BenchmarkException($"rsync failed: {await client.ErrorsAsync()}");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            client.Kill();
        }

        return (copy.Length, Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    public ValueTask DisposeAsync()
    {
        _daemon.Kill();
        return _daemon.DisposeAsync();
    }
}
