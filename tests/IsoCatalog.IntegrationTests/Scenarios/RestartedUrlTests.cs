using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Ipmi;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>
/// A BMC takes 404 for "gone" and does not come back. So whoever asks without a pause, from before a restart until after it, gets no connection, 503 with when to try
/// again, or the right bytes; on both listeners, by the standing URL and by that of a lease.
/// </summary>
public sealed class RestartedUrlTests
{
    private const int Size = 24 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("stopped")]
    [InlineData("killed")]
    [InlineData("killed, and its database is lost")]
    [InlineData("killed, and the store's file is touched")]
    public async Task Whoever_asks_all_the_time_is_never_told_that_an_image_is_gone(string how)
    {
        await using var site = await PrepareAsync();
        var bytes = IsoBuilder.InMemory("STANDING", Size, 1);
        var image = await site.AddAsync(site.Write("standing.iso", bytes), Cancel);
        var standing = (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images[0].Mount.Urls!;
        var lease = (await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", 3600), Cancel)).Mount.Urls!;
        string[] urls = how.Contains("database", StringComparison.Ordinal) ? [standing.Http!, standing.Https!] : [standing.Http!, standing.Https!, lease.Http!, lease.Https!];
        await using var askers = new Askers(urls, bytes);
        await askers.ServedAsync();

        if (how == "stopped")
        {
            await site.StopAsync();
        }
        else
        {
            await site.KillAsync();
        }

        if (how.Contains("database", StringComparison.Ordinal))
        {
            File.Delete(Path.Combine(site.Data, "isocatalog.db"));
        }
        else if (how.Contains("touched", StringComparison.Ordinal))
        {
            File.SetLastWriteTimeUtc(site.StoreFile(image), File.GetLastWriteTimeUtc(site.StoreFile(image)).AddSeconds(-10));
        }

        await site.StartAgainAsync(Cancel);
        await askers.ServedAsync();

        Assert.Empty(await askers.EndAsync());
    }

    /// <summary>Not only at a start: what is read again because somebody touched it is not gone, and what is removed is.</summary>
    [Fact]
    public async Task An_image_in_doubt_comes_back_at_its_standing_url_without_a_404_and_a_removed_one_is_gone()
    {
        await using var site = await PrepareAsync();
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("STANDING", Size, 1);
        var image = await site.AddAsync(site.Write("standing.iso", bytes), Cancel);
        var standing = (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images[0].Mount.Urls!;
        await using (var askers = new Askers([standing.Http!, standing.Https!], bytes))
        {
            await askers.ServedAsync();

            var before = Witness.Now;
            File.SetLastWriteTimeUtc(site.StoreFile(image), before.UtcDateTime.AddSeconds(-10));
            await TestSite.EventuallyAsync(async () => (await witness.LeftAsync(image.Id, "bmc", before)).Count > 0, Cancel);
            await witness.ListedAsync(image.Id, "bmc");
            await askers.ServedAsync();

            Assert.Empty(await askers.EndAsync());
        }

        await site.Client.RemoveImageAsync(image.Name, null, Cancel);

        Assert.Equal(404, await witness.StatusOfAsync(standing.Http!));
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.Equal(404, await witness.StatusOfAsync(standing.Http!));
    }

    /// <summary>A store file that is lost for good is an image that comes back once somebody gives it: the BMC waits, and a stranger learns nothing.</summary>
    [Fact]
    public async Task An_image_that_is_quarantined_is_answered_503_to_whoever_may_read_it_and_404_to_everybody_else()
    {
        await using var site = await PrepareAsync("127.0.0.1/32");
        var image = await site.AddAsync(site.Write("standing.iso", IsoBuilder.InMemory("STANDING", 400_000, 1)), Cancel);
        var url = new Uri((await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images[0].Mount.Url!);
        var server = IPEndPoint.Parse(url.Authority);

        File.SetUnixFileMode(site.StoreFile(image), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (var file = File.OpenWrite(site.StoreFile(image)))
        {
            file.Seek(100_000, SeekOrigin.Begin);
            await file.WriteAsync(new byte[64], Cancel);
        }

        await site.StoreIsAsync(image, "lost");

        var mine = await RawClient.AskAsync(server, RawClient.Get(url.AbsolutePath, "Range: bytes=0-1"));
        Assert.Equal((503, "5"), (mine.Status, mine["Retry-After"]));
        Assert.Equal(mine.Lines, (await RawClient.AskAsync(server, RawClient.Head(url.AbsolutePath))).Lines);
        Assert.Equal(404, (await RawClient.AskAsync(server, RawClient.Get(url.AbsolutePath), "127.0.0.2")).Status);
        Assert.Equal(404, (await RawClient.AskAsync(server, RawClient.Get(url.AbsolutePath + "x"))).Status);
    }

    private static async Task<TestSite> PrepareAsync(string allow = "127.0.0.0/8")
    {
        var site = await Scenario.PrepareAsync(TestSiteOptions.InOwnProcess with
        {
            Surfaces = $$"""
                  - { name: bmc, kind: ipmi, allow: ["{{allow}}"] }
                  - { name: console, kind: volume, path: "{root}/console", check: 1s }
                """,
        });
        var (_, certificate) = TestAuthority.Create();
        await File.WriteAllTextAsync(Path.Combine(site.Root, "iso.crt"), certificate.ExportCertificatePem(), Cancel);
        await File.WriteAllTextAsync(Path.Combine(site.Root, "iso.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Cancel);
        File.SetUnixFileMode(Path.Combine(site.Root, "iso.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

        // An address of its own, so that nobody else takes the ports while the site is away.
        var host = $"127.{Random.Shared.Next(2, 250)}.{Random.Shared.Next(2, 250)}.1";
        await site.ConfigureAsync("iso: \"127.0.0.1:0\"", $"iso: \"{host}:8088\", isoTls: \"{host}:8443\"");
        await site.ConfigureAsync(
            "store: {", $"tls: {{ iso: {{ certificate: \"{Path.Combine(site.Root, "iso.crt")}\", key: \"{Path.Combine(site.Root, "iso.key")}\" }} }}\nstore: {{");
        await site.StartAgainAsync(Cancel);
        return site;
    }

    /// <summary>Ask for every URL again and again, each on connections of its own: HEAD, a range, and the whole.</summary>
    private sealed class Askers : IAsyncDisposable
    {
        private const int Part = 40_000;

        private readonly byte[] _bytes;
        private readonly HttpClient _http;
        private readonly CancellationTokenSource _end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        private readonly ConcurrentBag<string> _wrong = [];
        private readonly List<Task> _asking;
        private readonly int[] _served;

        public Askers(IReadOnlyList<string> urls, byte[] bytes)
        {
            _bytes = bytes;
            _http = new HttpClient(new SocketsHttpHandler
            {
                UseProxy = false,
                SslOptions = { RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null },
                ConnectCallback = static async (context, cancellationToken) =>
                {
                    var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    try
                    {
                        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                        return new NetworkStream(socket, ownsSocket: true);
                    }
                    catch
                    {
                        socket.Dispose();
                        throw;
                    }
                },
            });
            var all = urls.SelectMany(url => new[] { "HEAD", "range", "whole" }.Select(what => (url, what))).ToList();
            _served = new int[all.Count];
            _asking = [.. all.Select((one, i) => Task.Run(() => AskAsync(i, one.url, one.what), Cancel))];
        }

        /// <summary>Each was served at least once more.</summary>
        public async Task ServedAsync()
        {
            var before = _served.ToArray();
            await TestSite.EventuallyAsync(
                () => Task.FromResult(!_wrong.IsEmpty || Enumerable.Range(0, before.Length).All(i => Volatile.Read(ref _served[i]) > before[i] + 1)), Cancel, seconds: 120);
        }

        public async Task<IReadOnlyList<string>> EndAsync()
        {
            await _end.CancelAsync();
            await Task.WhenAll(_asking);
            return [.. _wrong.Distinct()];
        }

        public async ValueTask DisposeAsync()
        {
            await EndAsync();
            _http.Dispose();
            _end.Dispose();
        }

        private async Task AskAsync(int number, string url, string what)
        {
            for (var round = 0; !_end.IsCancellationRequested; round++)
            {
                try
                {
                    using var request = new HttpRequestMessage(what == "HEAD" ? HttpMethod.Head : HttpMethod.Get, url);
                    var start = what == "range" ? round * 7919L % (_bytes.Length - Part) : 0;
                    if (what == "range")
                    {
                        request.Headers.Range = new(start, start + Part - 1);
                    }

                    using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _end.Token);
                    if (answer.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter is { Delta.TotalSeconds: > 0 })
                    {
                        continue;
                    }

                    if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
                    {
                        _wrong.Add($"{what} {new Uri(url).Scheme}: {(int)answer.StatusCode}");
                        continue;
                    }

                    var length = what == "range" ? Part : _bytes.Length;
                    var body = what == "HEAD" ? [] : await answer.Content.ReadAsByteArrayAsync(_end.Token);
                    if (what != "HEAD" && !body.AsSpan().SequenceEqual(_bytes.AsSpan((int)start, length)))
                    {
                        _wrong.Add($"{what} {new Uri(url).Scheme}: wrong bytes");
                    }

                    Interlocked.Increment(ref _served[number]);
                }
                catch (Exception e) when (e is HttpRequestException or IOException or SocketException || _end.IsCancellationRequested)
                {
                    // No connection, or one that ended before its answer did.
                }
            }
        }
    }
}
