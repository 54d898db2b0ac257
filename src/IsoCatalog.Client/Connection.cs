using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Polly;
using Polly.Timeout;

namespace IsoCatalog.Client;

/// <summary>Calls to one site: limits, repetition, and failures in words. Thread-safe.</summary>
internal sealed class Connection : IDisposable
{
    /// <summary>Bytes. 5,000 images with a matrix of a dozen cells each are about 20 MB.</summary>
    public const int MaxAnswer = 64 << 20;

    private static readonly Uri SocketHost = new("http://localhost/");

    private readonly ApplianceClientOptions _options;
    private readonly HttpClient _http;
    private readonly Uri _server;
    private readonly string? _socketPath;
    private readonly ResiliencePipeline _repeatable;
    private readonly ResiliencePipeline _once;

    public Connection(Uri? server, string? socketPath, ApplianceClientOptions options)
    {
        _options = options;
        _server = server ?? SocketHost;
        _socketPath = socketPath;
        _repeatable = Repetition.Build(options, repeat: true);
        _once = Repetition.Build(options, repeat: false);
        _http = new HttpClient(Handler(socketPath, options), disposeHandler: true)
        {
            BaseAddress = _server,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.UserAgent.Add(
            new ProductInfoHeaderValue("isocatalog", typeof(Connection).Assembly.GetName().Version?.ToString(3)));
        if (options.Token is { } token)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    public ApplianceClientOptions Options => _options;

    /// <summary>The path of the socket, or scheme, host and port.</summary>
    public string Address => _socketPath ?? _server.GetLeftPart(UriPartial.Authority);

    public async Task<T> SendAsync<T>(HttpMethod method, string path, CancellationToken cancellationToken)
        where T : class =>
        await SendAsync(method, path, body: null, ReadAsync<T>, cancellationToken);

    public async Task<T> SendAsync<T, TBody>(HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> type, CancellationToken cancellationToken)
        where T : class =>
        await SendAsync(method, path, JsonSerializer.SerializeToUtf8Bytes(body, type), ReadAsync<T>, cancellationToken);

    public async Task<TResult> SendAsync<TResult>(
        HttpMethod method,
        string path,
        byte[]? body,
        Func<HttpResponseMessage, CancellationToken, Task<TResult>> read,
        CancellationToken cancellationToken,
        string? ifNoneMatch = null)
    {
        var pipeline = method == HttpMethod.Get || method == HttpMethod.Put || method == HttpMethod.Delete ? _repeatable : _once;
        try
        {
            return await pipeline.ExecuteAsync(
                async token =>
                {
                    using var request = new HttpRequestMessage(method, path);
                    if (ifNoneMatch is not null)
                    {
                        request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
                    }

                    if (body is not null)
                    {
                        request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
                    }

                    return await TryAsync(request, read, token);
                },
                cancellationToken);
        }
        catch (TimeoutRejectedException late)
        {
            throw TimedOut(_options.TryTimeout, late);
        }
    }

    /// <summary>One try without a limit of time.</summary>
    /// <exception cref="ApplianceException"/>
    /// <exception cref="ApplianceUnreachableException"/>
    public async Task<TResult> TryAsync<TResult>(
        HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<TResult>> read, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await OpenAsync(request, cancellationToken);
            return await read(response, cancellationToken);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or ArgumentOutOfRangeException)
        {
            throw Unreachable(failure);
        }
    }

    /// <summary>The response to a request as soon as its head is there; the caller reads and disposes it. Failures of the transport come as they are.</summary>
    public async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (SocketException gone)
        {
            // HttpClient asks for the peer's address after it connected; that a peer can be gone by then is not translated there.
            throw new HttpRequestException(HttpRequestError.ConnectionError, gone.Message, gone);
        }

        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotModified)
        {
            return response;
        }

        using (response)
        {
            throw new ApplianceException(await ProblemReader.ReadAsync(response, Address, cancellationToken), RetryAfter(response));
        }
    }

    public ApplianceUnreachableException Unreachable(Exception failure) => ConnectionFailure.Of(failure, _server, _socketPath);

    public ApplianceUnreachableException TimedOut(TimeSpan limit, Exception failure) => ConnectionFailure.TimedOut(_server, _socketPath, limit, failure);

    public async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
        where T : class
    {
        if (response.Content.Headers.ContentType?.MediaType is not "application/json" and var other)
        {
            throw Unexpected(response, $"a body of the type '{other}' instead of JSON");
        }

        var body = await BoundedBody.ReadAsync(response.Content, MaxAnswer, cancellationToken)
            ?? throw new ApplianceException(new Problem(
                Problem.TypePrefix + ClientProblemCode.AnswerTooLong,
                "Answer too long",
                (int)response.StatusCode,
                $"{Address} sent more than {MaxAnswer >> 20} MiB. No answer of a site is that long; is that an IsoCatalog site?"));
        try
        {
            return AnswerJson.Read<T>(body);
        }
        catch (JsonException unreadable)
        {
            throw Unexpected(response, $"JSON that is no {typeof(T).Name} ({unreadable.Path ?? "$"})", unreadable);
        }
    }

    public ApplianceException Unexpected(HttpResponseMessage response, string what, Exception? inner = null) => new(
        new Problem(
            Problem.TypePrefix + ClientProblemCode.UnexpectedAnswer,
            "Unexpected answer",
            (int)response.StatusCode,
            $"{Address} answered with {what}. Is that an IsoCatalog site of a version that fits this program?"),
        innerException: inner);

    public void Dispose() => _http.Dispose();

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _options.Time.GetUtcNow() is { Ticks: > 0 } wait ? wait : TimeSpan.Zero,
        _ => null,
    };

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The HttpClient owns the handler, the stream owns the socket.")]
    private static SocketsHttpHandler Handler(string? socketPath, ApplianceClientOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            // An upload that would be refused is refused before its bytes travel.
            Expect100ContinueTimeout = TimeSpan.FromSeconds(5),
            MaxResponseHeadersLength = 32,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (socketPath is not null)
        {
            handler.ConnectCallback = (_, cancellationToken) => ConnectAsync(socketPath, cancellationToken);
        }

        if (options.TrustedRoots is { } roots)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(roots);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        }

        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(string socketPath, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
