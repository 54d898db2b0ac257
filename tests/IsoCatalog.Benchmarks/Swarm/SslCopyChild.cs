using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>
/// What mutual TLS allows on this machine: a file through an <see cref="SslStream"/> into a file, nothing else, with our certificates.
/// <c>--ssl-copy serve FILE CERTIFICATE KEY SPKI</c> until its standard input ends; <c>--ssl-copy fetch FILE PORT CERTIFICATE KEY SPKI</c>.
/// A client says in 8 bytes how much it wants.
/// </summary>
internal static class SslCopyChild
{
    public const string Verb = "--ssl-copy";

    private const int Block = 256 << 10;
    private const long WarmUp = 96 << 20;

    public static async Task<int> RunAsync(string[] work)
    {
        switch (work)
        {
            case ["serve", var path, var certificate, var key, var spki]:
                using (var ours = X509Certificate2.CreateFromPemFile(certificate, key))
                {
                    await ServeAsync(path, ours, spki);
                }

                return 0;
            case ["fetch", var path, var port, var certificate, var key, var spki]:
                using (var ours = X509Certificate2.CreateFromPemFile(certificate, key))
                {
                    // As our engine: compiling is not measured.
                    var began = Stopwatch.GetTimestamp();
                    while (Stopwatch.GetElapsedTime(began) < SwarmChild.WarmUpFor)
                    {
                        await FetchAsync(path, int.Parse(port), WarmUp, ours, spki);
                    }

                    await Task.Delay(SwarmChild.Settling);
                    Console.WriteLine("ready 0");
                    Console.ReadLine();
                    began = Stopwatch.GetTimestamp();
                    await FetchAsync(path, int.Parse(port), long.MaxValue, ours, spki);
                    Console.WriteLine($"seconds {Stopwatch.GetElapsedTime(began).TotalSeconds:0.######}");
                }

                return 0;
            default:
                await Console.Error.WriteLineAsync($"{Verb} takes: serve FILE CERTIFICATE KEY SPKI, or fetch FILE PORT CERTIFICATE KEY SPKI.");
                return 2;
        }
    }

    private static async Task ServeAsync(string path, X509Certificate2 certificate, string spki)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Console.WriteLine($"port {((IPEndPoint)listener.LocalEndpoint).Port}");
        // Reading the console waits, whatever its name says.
        var end = Task.Run(Console.In.ReadToEnd);
        using var stop = new CancellationTokenSource();
        while (true)
        {
            var accepting = listener.AcceptSocketAsync(stop.Token).AsTask();
            if (await Task.WhenAny(accepting, end) == end)
            {
                await stop.CancelAsync();
                return;
            }

            using var socket = await accepting;
            socket.NoDelay = true;
            await using var tls = new SslStream(new NetworkStream(socket));
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                ClientCertificateRequired = true,
                EnabledSslProtocols = SslProtocols.Tls13,
                AllowTlsResume = false,
                RemoteCertificateValidationCallback = (_, peer, _, _) => IsPinned(peer, spki),
            });
            var wanted = new byte[8];
            await tls.ReadExactlyAsync(wanted);
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
            await CopyAsync(file, tls, Math.Min(file.Length, BinaryPrimitives.ReadInt64LittleEndian(wanted)));
            await tls.ShutdownAsync();
        }
    }

    private static async Task FetchAsync(string path, int port, long wanted, X509Certificate2 certificate, string spki)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "peer",
            ClientCertificates = [certificate],
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, peer, _, _) => IsPinned(peer, spki),
        });
        var word = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(word, wanted);
        await tls.WriteAsync(word);
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        await CopyAsync(tls, file, long.MaxValue);
    }

    private static async Task CopyAsync(Stream from, Stream to, long count)
    {
        var block = new byte[Block];
        while (count > 0)
        {
            var read = await from.ReadAtLeastAsync(block.AsMemory(0, (int)Math.Min(Block, count)), (int)Math.Min(Block, count), throwOnEndOfStream: false);
            if (read == 0)
            {
                return;
            }

            await to.WriteAsync(block.AsMemory(0, read));
            count -= read;
        }
    }

    private static bool IsPinned(X509Certificate? peer, string spki) => peer is X509Certificate2 certificate && Identity.SpkiOf(certificate) == spki;
}
