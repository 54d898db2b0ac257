using System.Diagnostics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Tls;
using IsoCatalog.Swarm;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Testing;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>
/// One end of a transfer with our engine, in a process of its own:
/// <c>--swarm seed TORRENT IMAGE ADDRESS [CERTIFICATE KEY SPKI]</c> serves until its standard input ends, and
/// <c>--swarm fetch TORRENT FILE ADDRESS [CERTIFICATE KEY SPKI]</c> says when it is ready, waits for a line, and fetches. With a certificate both do it over mutual TLS.
/// </summary>
internal static class SwarmChild
{
    public const string Verb = "--swarm";

    // Compiling our code happens once in the life of an appliance, so both ends first move a little from themselves to themselves, until
    // the runtime has compiled well what is used much, and then until it has done so in the background.
    private const int WarmUp = 96 << 20;

    public static readonly TimeSpan WarmUpFor = TimeSpan.FromSeconds(2);

    public static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    public static async Task<int> RunAsync(string[] work)
    {
        if (work is not [("seed" or "fetch") and var end, var torrentFile, var path, var address, .. var identity]
            || identity.Length is not (0 or 3))
        {
            await Console.Error.WriteLineAsync($"{Verb} takes: seed|fetch TORRENT FILE ADDRESS [CERTIFICATE KEY SPKI].");
            return 2;
        }

        if (!Torrent.TryParse(await File.ReadAllBytesAsync(torrentFile), out var torrent, out var error))
        {
            await Console.Error.WriteLineAsync($"{torrentFile}: {error}");
            return 2;
        }

        using var certificate = identity.Length == 0 ? null : X509Certificate2.CreateFromPemFile(identity[0], identity[1]);
        await WarmUpAsync(certificate);

        Sha256Digest? key = Sha256Digest.TryParse(identity.ElementAtOrDefault(2), out var pin) ? pin : null;
        return end == "seed" ? await SeedAsync(torrent, path, address, certificate, key) : await FetchAsync(torrent, path, address, certificate, key);
    }

    private static async Task<int> SeedAsync(Torrent torrent, string path, string address, X509Certificate2? certificate, Sha256Digest? key)
    {
        await using var engine = Engine(new IPEndPoint(IPAddress.Parse(address), 0), certificate, key);
        engine.Start();
        engine.Seed(torrent, path);
        Say("port", (certificate is null ? engine.PlainEndpoint : engine.Endpoint)!.Port);
        var idle = Environment.CpuUsage.TotalTime;
        await Task.Run(Console.In.ReadToEnd);
        Say("cpu", (Environment.CpuUsage.TotalTime - idle).TotalSeconds);
        Say("memory", PeakMemory());
        return 0;
    }

    private static async Task<int> FetchAsync(Torrent torrent, string path, string address, X509Certificate2? certificate, Sha256Digest? key)
    {
        await using var engine = Engine(null, certificate, key);
        engine.Start();
        engine.SetPeers([new SwarmPeer("peer", IPEndPoint.Parse(address), key)]);
        Say("ready", 0);
        Console.ReadLine();
        var idle = Environment.CpuUsage.TotalTime;
        var began = Stopwatch.GetTimestamp();
        var transfer = engine.Fetch(torrent, path);
        var inFlight = 0;
        var half = 0.0;
        while (!transfer.Completion.IsCompleted && transfer.Progress is var progress && progress.Verified < torrent.Size)
        {
            inFlight = Math.Max(inFlight, progress.RequestsInFlight);
            half = half == 0 && progress.Fetched >= torrent.Size / 2 ? Stopwatch.GetElapsedTime(began).TotalSeconds : half;
            await Task.Delay(2);
        }

        // The same finish line as for the others: all is checked and written. None of them waits for the disk.
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var cpu = (Environment.CpuUsage.TotalTime - idle).TotalSeconds;
        var outcome = await transfer.Completion;
        if (outcome is not TransferOutcome.Completed completed)
        {
            await Console.Error.WriteLineAsync($"The transfer ended as {outcome}.");
            return 1;
        }

        Say("seconds", seconds);
        Say("half", half);
        Say("fetched", completed.Fetched);
        Say("durable", Stopwatch.GetElapsedTime(began).TotalSeconds);
        Say("cpu", cpu);
        Say("inflight", inFlight);
        Say("memory", PeakMemory());
        return 0;
    }

    private static async Task WarmUpAsync(X509Certificate2? certificate)
    {
        using var folder = new TempFolder();
        var bytes = new byte[WarmUp];
        new Random(3).NextBytes(bytes);
        using var hasher = new ImageHasher(WarmUp);
        hasher.Append(bytes);
        var torrent = Torrent.From(hasher.Complete());
        var key = PinnedTls.KeyOf(certificate);

        await using var seeder = Engine(new IPEndPoint(IPAddress.Loopback, 0), certificate, key);
        seeder.Start();
        seeder.Seed(torrent, folder.Write("image.iso", bytes));
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < WarmUpFor;)
        {
            await using var fetcher = Engine(null, certificate, key);
            fetcher.Start();
            fetcher.SetPeers([new SwarmPeer("peer", (certificate is null ? seeder.PlainEndpoint : seeder.Endpoint)!, key)]);
            await fetcher.Fetch(torrent, folder.Combine("copy.iso")).Completion;
            File.Delete(folder.Combine("copy.iso"));
        }

        await Task.Delay(Settling);
    }

    private static SwarmEngine Engine(IPEndPoint? listen, X509Certificate2? certificate, Sha256Digest? key) => new(
        new SwarmOptions
        {
            Listen = certificate is null ? null : listen,
            Certificate = certificate,
            PeerName = known => known == key ? "peer" : null,
            ListenPlain = certificate is null ? listen : null,
            PlainAllow = [IPNetwork.Parse("0.0.0.0/0")],
        },
        TimeProvider.System,
        said => Console.Error.WriteLine($"{said.Kind}: {said.Message}"));

    private static void Say(string word, double number) => Console.WriteLine($"{word} {number:0.######}");

    /// <summary>The most that was resident, in bytes, of this process: VmHWM of proc(5).</summary>
    private static double PeakMemory() =>
        1024.0 * long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ')[^2]);
}
