using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// Sends one request and reads the whole answer, within its bounds. Follows nothing, believes the given authorities only, and keeps no cookies.
/// </summary>
internal sealed class EngineTransport(EngineOptions engine, EngineTiming timing, TimeProvider time) : DelegatingHandler
{
    private const int MaxSmall = 1 << 20;
    private const int MaxLarge = 64 << 20;
    private const int MaxTokenAnswer = 64 << 10;
    private const int MaxCertificates = 1 << 20;

    private readonly Lock _gate = new();

    /// <exception cref="EngineException">No answer, or a longer one.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (limit, patience) = Bounds(engine.PathOf(request));
        using var deadline = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            Open();
            var answer = await base.SendAsync(request, either.Token);
            using var content = answer.Content;
            answer.Content = new EngineBody(await ReadAsync(content, limit, either.Token)) { Headers = { ContentType = content.Headers.ContentType } };
            return answer;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EngineException(ReasonCode.SurfaceUnreachable, $"The engine {engine.Url} did not answer within {patience.TotalSeconds:0} s.") { Passing = true };
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            throw Unreachable(exception);
        }
    }

    /// <summary>Bytes of body that are read, and how long is waited for the last of them.</summary>
    private (int Limit, TimeSpan Patience) Bounds(string path) => path.Split('?') switch
    {
        ["sso/oauth/token"] => (MaxTokenAnswer, timing.Answer),
        ["services/sso-logout"] => (MaxTokenAnswer, TimeSpan.FromSeconds(3)),
        [_, EngineOptions.Refresh] => (MaxLarge, timing.Refresh),
        ["api/vms", _] => (MaxLarge, 4 * timing.Answer),
        _ => (MaxSmall, timing.Answer),
    };

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
                $"The certificate of the engine {engine.Url} is not believed: {innermost.Message.TrimEnd('.')}. "
                + (engine.CaFile is { } file ? $"Is {file} the engine's own authority, and is the name in the URL the certificate's?" : "Name the engine's authority as caFile."),
                exception)
            : new EngineException(ReasonCode.SurfaceUnreachable, $"The engine {engine.Url} cannot be reached: {innermost.Message}", exception) { Passing = true };
    }

    /// <summary>At the first request, and again while it fails: the file of the authority may be put right meanwhile.</summary>
    private void Open()
    {
        lock (_gate)
        {
            InnerHandler ??= Handler();
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
        if (engine.CaFile is { } file)
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

/// <summary>A whole body, to be looked into without another copy.</summary>
internal sealed class EngineBody : ByteArrayContent
{
    private readonly byte[] _bytes;

    public EngineBody(byte[] bytes)
        : base(bytes) => _bytes = bytes;

    public ReadOnlySpan<byte> Bytes => _bytes;

    public bool IsJson => Headers.ContentType?.MediaType == "application/json";
}
