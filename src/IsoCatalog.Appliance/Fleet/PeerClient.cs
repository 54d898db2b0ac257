using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Tls;
using IsoCatalog.Core.Trust;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>
/// The fleet listener of one other site, typed. It talks only to who has that site's key by the newest trust document; calls that say
/// <c>anyKey</c> talk to whoever is there, and carry nothing but trust documents. Thread-safe.
/// </summary>
internal sealed class PeerClient : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    /// <summary>For one try; the largest thing at the slowest useful speed takes less.</summary>
    private static readonly TimeSpan TryLimit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(50);

    /// <summary>How long a connection stands with whoever may be anybody, used or not: a change of trust does not find it.</summary>
    private static readonly TimeSpan LifeWithAnyKey = TimeSpan.FromSeconds(2);

    private readonly string _site;
    private readonly Func<Sha256Digest, string?> _siteOf;
    private readonly SslStreamCertificateContext _shown;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline _repeat;
    private readonly HttpClient _anyKey;
    private readonly Lock _gate = new();
    private HttpClient _pinned;
    private Sha256Digest? _accepted;
    private long _received;
    private long _sent;

    /// <param name="siteOf">The site that the present trust document gives a key to; null for none.</param>
    public PeerClient(string site, DnsEndPoint address, X509Certificate2 certificate, Func<Sha256Digest, string?> siteOf, TimeProvider time)
    {
        _site = site;
        _siteOf = siteOf;
        _shown = PinnedTls.Shown(certificate);
        _time = time;
        Address = address;
        _repeat = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromMilliseconds(200),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is PeerException { IsTransient: true }),
            })
            .AddTimeout(new TimeoutStrategyOptions { Timeout = TryLimit })
            .Build();
        _pinned = Make(IsPeer, Timeout.InfiniteTimeSpan);
        _anyKey = Make(static _ => true, LifeWithAnyKey);
    }

    public DnsEndPoint Address { get; }

    /// <summary>Bytes of bodies, since the start.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <inheritdoc cref="Received"/>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>The state, how far the peer's clock is ahead of ours, and how long a question and its answer take.</summary>
    public async Task<PeerAnswer> GetStateAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset asked = default;
        long began = 0;
        var bytes = await GetAsync("state", FleetState.MaxBytes, anyKey: false, cancellationToken, () => (asked, began) = (_time.GetUtcNow(), _time.GetTimestamp()));
        var took = _time.GetElapsedTime(began);
        try
        {
            var state = CompleteJson.Read(bytes, FleetJson.Default.FleetState);
            return state.Site == _site
                ? new PeerAnswer(state, state.Now - (asked + (took / 2)), took)
                : throw new PeerException(PeerFault.Garbage, $"{Where} has the key of {_site} and says that it is site '{Shorten(state.Site)}'.");
        }
        catch (JsonException e)
        {
            throw new PeerException(PeerFault.Garbage, $"{Where} sent a state that cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The envelope of a document, as its site signed it. That its payload has this hash is for the caller to see.</summary>
    public Task<byte[]> GetDocumentAsync(Sha256Digest payload, CancellationToken cancellationToken) =>
        GetAsync("documents/" + payload, FleetLimits.Document, anyKey: false, cancellationToken);

    /// <summary>The bytes, which have this hash.</summary>
    public async Task<byte[]> GetChunkAsync(ChunkRef chunk, CancellationToken cancellationToken)
    {
        var bytes = await GetAsync("chunks/" + chunk.Sha256, chunk.Size, anyKey: false, cancellationToken);
        return bytes.Length == chunk.Size && new Sha256Digest(SHA256.HashData(bytes)) == chunk.Sha256
            ? bytes
            : throw new PeerException(PeerFault.Garbage, $"{Where} sent other bytes for the chunk {chunk.Sha256}.");
    }

    public Task<byte[]> GetHoldingsAsync(string site, CancellationToken cancellationToken) =>
        GetAsync("holdings/" + site, FleetLimits.Holdings, anyKey: false, cancellationToken);

    public Task<byte[]> GetMembersAsync(string site, CancellationToken cancellationToken) =>
        GetAsync("members/" + site, FleetLimits.Members, anyKey: false, cancellationToken);

    public Task<byte[]> GetTrustAsync(long version, bool anyKey, CancellationToken cancellationToken) =>
        GetAsync("trust/" + version.ToString(System.Globalization.CultureInfo.InvariantCulture), FleetLimits.Trust, anyKey, cancellationToken);

    /// <summary>The metainfo of an image; it is checked against the catalog by whoever uses it.</summary>
    public Task<byte[]> GetTorrentAsync(Sha256Digest root, CancellationToken cancellationToken) =>
        GetAsync("torrents/" + root, FleetLimits.Torrent, anyKey: false, cancellationToken);

    public Task PostTrustAsync(byte[] envelope, bool anyKey, CancellationToken cancellationToken) => PostAsync("trust", envelope, anyKey, cancellationToken);

    /// <summary>Says what this site has now; the peer fetches what it lacks.</summary>
    public Task NotifyAsync(FleetState state, CancellationToken cancellationToken) =>
        PostAsync("notify", JsonSerializer.SerializeToUtf8Bytes(state, FleetJson.Default.FleetState), anyKey: false, cancellationToken);

    /// <summary>After the trust document changed: a connection to who is not that site any more ends at once.</summary>
    public void Recheck()
    {
        HttpClient? old = null;
        lock (_gate)
        {
            if (_accepted is { } key && _siteOf(key) != _site)
            {
                old = _pinned;
                _pinned = Make(IsPeer, Timeout.InfiniteTimeSpan);
                _accepted = null;
            }
        }

        old?.Dispose();
    }

    public void Dispose()
    {
        _pinned.Dispose();
        _anyKey.Dispose();
    }

    private string Where => $"{Address.Host}:{Address.Port}";

    private bool IsPeer(Sha256Digest? shown)
    {
        // Under the lock, so that a change of trust comes either before this look or finds the key.
        lock (_gate)
        {
            if (shown is not { } key || _siteOf(key) != _site)
            {
                return false;
            }

            _accepted = key;
            return true;
        }
    }

    private HttpClient Make(Func<Sha256Digest?, bool> accept, TimeSpan life) => new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectLimit,
            MaxResponseHeadersLength = 8,
            MaxResponseDrainSize = 0,
            MaxConnectionsPerServer = 4,
            PooledConnectionIdleTimeout = Idle,
            PooledConnectionLifetime = life,
            SslOptions = PinnedTls.ForClient(_shown, accept),
        },
        disposeHandler: true)
    {
        BaseAddress = new UriBuilder("https", Address.Host, Address.Port, "/fleet/v1/").Uri,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private async Task<byte[]> GetAsync(string path, int most, bool anyKey, CancellationToken cancellationToken, Action? begin = null) =>
        await RunAsync(async token =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            begin?.Invoke();
            return await SendAsync(request, most, anyKey, token);
        }, cancellationToken);

    private Task PostAsync(string path, byte[] body, bool anyKey, CancellationToken cancellationToken) =>
        RunAsync(async token =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } },
            };
            var answer = await SendAsync(request, FleetRefusal.MaxBytes, anyKey, token);
            Interlocked.Add(ref _sent, body.Length);
            return answer;
        }, cancellationToken);

    private async Task<byte[]> RunAsync(Func<CancellationToken, Task<byte[]>> once, CancellationToken cancellationToken)
    {
        try
        {
            return await _repeat.ExecuteAsync(
                async token =>
                {
                    try
                    {
                        return await once(token);
                    }
                    catch (Exception e) when (e is HttpRequestException or IOException or SocketException or ObjectDisposedException)
                    {
                        throw Translated(e);
                    }
                    catch (OperationCanceledException e) when (!token.IsCancellationRequested)
                    {
                        throw new PeerException(PeerFault.Unreachable, $"{Where} did not take the connection within {ConnectLimit.TotalSeconds:0} s.", e);
                    }
                },
                cancellationToken);
        }
        catch (TimeoutRejectedException late)
        {
            throw new PeerException(PeerFault.Slow, $"{Where} did not answer within {TryLimit.TotalSeconds:0} s.", late);
        }
    }

    private async Task<byte[]> SendAsync(HttpRequestMessage request, int most, bool anyKey, CancellationToken cancellationToken)
    {
        using var response = await (anyKey ? _anyKey : _pinned).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw await RefusalAsync(response, cancellationToken);
        }

        return await ReadAsync(response.Content, most, cancellationToken)
            ?? throw new PeerException(PeerFault.Garbage, $"{Where} sent more than {most:N0} bytes for {request.RequestUri!.AbsolutePath}.");
    }

    private async Task<PeerException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        FleetRefusal? refusal = null;
        try
        {
            if (await ReadAsync(response.Content, FleetRefusal.MaxBytes, cancellationToken) is { Length: > 0 } body)
            {
                refusal = CompleteJson.Read(body, FleetJson.Default.FleetRefusal);
            }
        }
        catch (JsonException)
        {
            // Then the status is all there is.
        }

        var fault = (int)response.StatusCode switch
        {
            404 => PeerFault.NotFound,
            403 when refusal?.Code == FleetRefusalCode.UnknownKey => PeerFault.UnknownToPeer,
            429 or 503 => PeerFault.Slow,
            _ => PeerFault.Refused,
        };
        return new PeerException(fault, $"{Where} said no ({(int)response.StatusCode}): {Shorten(refusal?.Detail ?? "no reason given")}") { Trust = refusal?.Trust };
    }

    /// <returns>Null when there is more than allowed.</returns>
    private async Task<byte[]?> ReadAsync(HttpContent content, int most, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > most)
        {
            return null;
        }

        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        using var whole = new MemoryStream((int)(content.Headers.ContentLength ?? 0));
        var buffer = new byte[16 << 10];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            Interlocked.Add(ref _received, read);
            if (whole.Length + read > most)
            {
                return null;
            }

            whole.Write(buffer, 0, read);
        }

        return whole.ToArray();
    }

    private PeerException Translated(Exception e) => e switch
    {
        HttpRequestException { InnerException: AuthenticationException } => new PeerException(
            PeerFault.WrongKey, $"Who answers at {Where} does not have the key of site {_site} that the trust document names.", e),
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => new PeerException(
            PeerFault.Unreachable, $"The name {Address.Host} cannot be resolved.", e),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.InvalidResponse } =>
            new PeerException(PeerFault.Garbage, $"{Where} does not answer as a site does: {e.Message}", e),
        _ => new PeerException(PeerFault.Unreachable, $"{Where} cannot be reached: {e.GetBaseException().Message}", e),
    };

    private static string Shorten(string text) => ShownText.Cut(text, 300);
}

/// <param name="Offset">The peer's clock minus ours.</param>
internal sealed record PeerAnswer(FleetState State, TimeSpan Offset, TimeSpan RoundTrip);
