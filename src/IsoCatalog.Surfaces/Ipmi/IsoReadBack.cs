using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using IsoCatalog.Core.Readiness;
using Polly;
using Polly.Retry;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>
/// Fetches from our own listener as a client would, over each of its addresses: HEAD, then the first, the last and two random ranges, each
/// compared with the store file as it lies on the disk. A listener bound to all addresses is reached by loopback.
/// </summary>
internal sealed class IsoReadBack
{
    private const int RangeLength = 64 * 1024;
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(10);

    private readonly IsoListener _listener;
    private readonly ResiliencePipeline _pipeline;

    public IsoReadBack(IsoListener listener, TimeProvider time)
    {
        _listener = listener;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>().Handle<SocketException>().Handle<Polly.Timeout.TimeoutRejectedException>(),
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromMilliseconds(200),
                BackoffType = DelayBackoffType.Exponential,
            })
            .AddTimeout(AttemptLimit)
            .Build();
    }

    /// <summary>The addresses that the read-back comes from: it binds its own end, so that a route can be opened to exactly these.</summary>
    public IEnumerable<IPAddress> Clients => Targets().Select(target => Reachable(target.EndPoint).Address).Distinct();

    /// <summary>Null when every address of the listener answers; otherwise for an operator.</summary>
    public async Task<string?> KnockAsync(CancellationToken cancellationToken)
    {
        foreach (var (scheme, endPoint) in Targets())
        {
            using var client = Client(scheme, endPoint);
            try
            {
                await _pipeline.ExecuteAsync(async token =>
                {
                    using var request = new HttpRequestMessage(HttpMethod.Head, "/");
                    using var response = await client.SendAsync(request, token);
                }, cancellationToken);
            }
            catch (Exception exception) when (IsExpected(exception))
            {
                return $"The ISO listener does not answer on {scheme}://{endPoint}: {exception.Message}";
            }
        }

        return null;
    }

    /// <summary>Null when what is served is the image.</summary>
    public async Task<SurfaceOutcome.Refused?> ReadAsync(string path, StoredImage image, CancellationToken cancellationToken)
    {
        foreach (var (scheme, endPoint) in Targets())
        {
            using var client = Client(scheme, endPoint);
            var where = $"{scheme}://{endPoint}{path}";
            try
            {
                if (await _pipeline.ExecuteAsync(async token => await CompareAsync(client, path, image, token), cancellationToken) is { } difference)
                {
                    return new SurfaceOutcome.Refused(ReasonCode.HashMismatch, $"{image.FileName} read back at {where} is not what is in the store: {difference}.", Retryable: false);
                }
            }
            catch (Exception exception) when (IsExpected(exception))
            {
                return new SurfaceOutcome.Refused(ReasonCode.SurfaceUnreachable, $"{image.FileName} could not be read back at {where}: {exception.Message}", Retryable: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return new SurfaceOutcome.Refused(ReasonCode.ReadError, $"The store file {image.StorePath} could not be read: {exception.Message}", Retryable: false);
            }
        }

        return null;
    }

    private static bool IsExpected(Exception exception) =>
        exception is HttpRequestException or HttpIOException or SocketException or Polly.Timeout.TimeoutRejectedException;

    private async Task<string?> CompareAsync(HttpClient client, string path, StoredImage image, CancellationToken cancellationToken)
    {
        using var head = new HttpRequestMessage(HttpMethod.Head, path);
        using var response = await client.SendAsync(head, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return $"HEAD gave {(int)response.StatusCode}";
        }

        if (response.Content.Headers.ContentLength != image.Size || response.Headers.ETag?.Tag != $"\"{image.Root}\""
            || !response.Headers.AcceptRanges.Contains("bytes"))
        {
            return $"HEAD gave length {response.Content.Headers.ContentLength}, ETag {response.Headers.ETag} and Accept-Ranges {response.Headers.AcceptRanges}";
        }

        using var file = File.OpenHandle(image.StorePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        _listener.Options.Routes.Files.DropFromPageCache(file);
        var last = Math.Max(0, image.Size - RangeLength);
        foreach (var offset in (long[])[0, last, RandomUpTo(last), RandomUpTo(last)])
        {
            if (await CompareRangeAsync(client, path, image, file, offset, cancellationToken) is { } difference)
            {
                return difference;
            }
        }

        return null;
    }

    private async Task<string?> CompareRangeAsync(
        HttpClient client, string path, StoredImage image, Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset,
        CancellationToken cancellationToken)
    {
        var length = (int)Math.Min(RangeLength, image.Size - offset);
        var buffers = ArrayPool<byte>.Shared.Rent(2 * RangeLength);
        try
        {
            var served = buffers.AsMemory(0, length);
            var stored = buffers.AsMemory(RangeLength, length);
            using var get = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Range = new RangeHeaderValue(offset, offset + length - 1) } };
            using var response = await client.SendAsync(get, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var range = response.Content.Headers.ContentRange;
            if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentLength != length
                || range is null || range.From != offset || range.Length != image.Size)
            {
                return $"the range at {offset} gave {(int)response.StatusCode}, length {response.Content.Headers.ContentLength} and Content-Range {range}";
            }

            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            await body.ReadExactlyAsync(served, cancellationToken);

            // The listener's read filled the page cache; the comparison is with the disk.
            _listener.Options.Routes.Files.DropFromPageCache(file);
            for (var filled = 0; filled < length;)
            {
                var read = await RandomAccess.ReadAsync(file, stored[filled..], offset + filled, cancellationToken);
                if (read == 0)
                {
                    return $"the store file ends before byte {offset + length}";
                }

                filled += read;
            }

            return served.Span.SequenceEqual(stored.Span) ? null : $"the bytes at {offset} differ";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffers);
        }
    }

    private IEnumerable<(string Scheme, IPEndPoint EndPoint)> Targets()
    {
        if (_listener.PlainEndPoint is { } plain)
        {
            yield return (Uri.UriSchemeHttp, plain);
        }

        if (_listener.TlsEndPoint is { } tls)
        {
            yield return (Uri.UriSchemeHttps, tls);
        }
    }

    private static IPEndPoint Reachable(IPEndPoint bound) =>
        bound.Address.Equals(IPAddress.Any) ? new IPEndPoint(IPAddress.Loopback, bound.Port)
        : bound.Address.Equals(IPAddress.IPv6Any) ? new IPEndPoint(IPAddress.IPv6Loopback, bound.Port)
        : bound;

    private static long RandomUpTo(long last) =>
        (long)(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) % ((ulong)last + 1));

    private HttpClient Client(string scheme, IPEndPoint bound)
    {
        var target = Reachable(bound);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    socket.Bind(new IPEndPoint(target.Address, 0));
                    await socket.ConnectAsync(target, token);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
            SslOptions = new SslClientAuthenticationOptions
            {
                // It is our own listener: its certificate is the one that we gave it, whoever signed that.
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    certificate is not null && _listener.Options.Certificate is { } ours
                    && CryptographicOperations.FixedTimeEquals(certificate.GetRawCertData(), ours.RawData),
            },
        };
        return new HttpClient(handler, disposeHandler: true) { BaseAddress = new Uri($"{scheme}://{target}"), Timeout = Timeout.InfiniteTimeSpan };
    }
}
