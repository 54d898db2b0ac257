using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Folders;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>Sends one request and reads one bounded answer. Follows nothing, believes the given authorities only, and keeps no cookies.</summary>
internal sealed class EngineTransport : IDisposable
{
    private const int MaxCertificates = 1 << 20;
    private readonly EngineOptions _engine;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private HttpClient? _client;

    public EngineTransport(EngineOptions engine, TimeProvider time) => (_engine, _time) = (engine, time);

    /// <param name="request">Relative to the engine's folder.</param>
    /// <param name="limit">Bytes of body that are read.</param>
    /// <param name="timeout">From here to the last byte.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="EngineException">No answer, or a longer one.</exception>
    public async Task<EngineAnswer> SendAsync(HttpRequestMessage request, int limit, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            request.RequestUri = new Uri($"{_engine.Url.AbsoluteUri.TrimEnd('/')}/{request.RequestUri}");
            request.Headers.TryAddWithoutValidation("Accept", "application/json");
            using var answer = await Client().SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var body = await ReadAsync(answer.Content, limit, either.Token);
            var isJson = answer.Content.Headers.ContentType?.MediaType == "application/json";
            return new EngineAnswer(answer.StatusCode, isJson, body);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineException(ReasonCode.SurfaceUnreachable, $"The engine {_engine.Url} did not answer within {timeout.TotalSeconds:0} s.") { Passing = true };
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw Unreachable(exception);
        }
    }

    public void Dispose() => _client?.Dispose();

    private static async Task<byte[]> ReadAsync(HttpContent content, int limit, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            using var body = new MemoryStream();
            for (int count; (count = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                if (body.Length + count > limit)
                {
                    throw new EngineException(ReasonCode.SurfaceUnreachable, $"The engine's answer is longer than {limit:N0} bytes; it is not read.");
                }

                body.Write(buffer, 0, count);
            }

            return body.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private EngineException Unreachable(Exception exception)
    {
        var innermost = exception;
        while (innermost.InnerException is { } inner)
        {
            innermost = inner;
        }

        return exception is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
            ? new EngineException(
                ReasonCode.SurfaceUnreachable,
                $"The certificate of the engine {_engine.Url} is not believed: {innermost.Message.TrimEnd('.')}. "
                + (_engine.CaFile is { } file ? $"Is {file} the engine's own authority, and is the name in the URL the certificate's?" : "Name the engine's authority as caFile."),
                exception)
            : new EngineException(ReasonCode.SurfaceUnreachable, $"The engine {_engine.Url} cannot be reached: {innermost.Message}", exception) { Passing = true };
    }

    private HttpClient Client()
    {
        lock (_gate)
        {
            return _client ??= new HttpClient(Handler()) { Timeout = Timeout.InfiniteTimeSpan };
        }
    }

    private SocketsHttpHandler Handler()
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 32,
            MaxConnectionsPerServer = 8,
        };
        if (_engine.CaFile is { } file)
        {
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Authorities(file) };
        }

        return handler;
    }

    private static X509ChainPolicy Authorities(string file)
    {
        try
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPem(SmallFile.ReadText(file, MaxCertificates));
            return policy.CustomTrustStore.Count > 0
                ? policy
                : throw new EngineException(ReasonCode.SurfaceUnreachable, $"{file} has no certificate in it (PEM is expected).");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new EngineException(ReasonCode.SurfaceUnreachable, $"The engine's authority cannot be read from {file}: {exception.Message}", exception);
        }
    }
}

/// <summary>An answer as it came.</summary>
internal readonly record struct EngineAnswer(HttpStatusCode Status, bool IsJson, byte[] Body)
{
    /// <summary>The engine said that a request of its own failed; a proxy before it says other things.</summary>
    public bool IsGateway => Status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>Null when it is not JSON of that form.</summary>
    public T? As<T>(JsonTypeInfo<T> type)
        where T : class
    {
        if (!IsJson)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(Body, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The engine's own words, if it has any; bounded and printable.</summary>
    public string Words()
    {
        var fault = As(EngineJson.Default.FaultAnswer);
        var text = string.Join(": ", new[] { fault?.Reason, fault?.Detail }.Where(part => !string.IsNullOrWhiteSpace(part)));
        text = FolderObservation.Printable(text.Length > 300 ? text[..300] + "..." : text);
        return text.Length == 0 ? $"HTTP {(int)Status}" : $"HTTP {(int)Status}, {text}";
    }
}
