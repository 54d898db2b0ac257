using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using IsoCatalog.Core.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>
/// The listener that BMCs fetch ISO files from: HTTP/1.1 (and 1.0), GET and HEAD, nothing but what <see cref="IsoListenerOptions.Routes"/>
/// holds, whatever the Host header says. docs/bmc.md is its contract with clients. Thread-safe.
/// </summary>
public sealed class IsoListener : IAsyncDisposable
{
    // BMC clients are small, and so is everything that they may send.
    private const int MaxRequestLine = 1024;
    private const int MaxHeaders = 40;
    private const int MaxHeaderBytes = 8 * 1024;

    // QEMU and firmware alike read in parallel.
    private const int LeastPerAddress = 8;

    // Two blocks: one on its way to the network while the next is read.
    private const int MaxUnsentBytes = 2 * IsoApplication.BlockLength;

    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    private readonly IsoListenerOptions _options;
    private readonly WebApplication _web;
    private readonly IServer _server;
    private readonly BmcConnections _connections;
    private readonly ServedCertificate? _certificate;
    private readonly ITimer _stallWatch;
    private readonly TimeProvider _time;
    private int _stopped;

    private IsoListener(
        IsoListenerOptions options, WebApplication web, IServer server, BmcConnections connections, ServedCertificate? certificate, TimeProvider time,
        IPEndPoint? plain, IPEndPoint? tls)
    {
        (_options, _web, _server, _certificate, _time, PlainEndPoint, TlsEndPoint) = (options, web, server, certificate, time, plain, tls);
        var period = TimeSpan.FromMilliseconds(Math.Clamp(options.IdleLimit.TotalMilliseconds / 8, 50, 30_000));
        _stallWatch = time.CreateTimer(static open => ((BmcConnections)open!).CutStalled(), connections, period, period);
        _connections = connections;
        options.Routes.Attach(connections);
    }

    /// <summary>As bound, with the real port; null when there is no plain listener.</summary>
    public IPEndPoint? PlainEndPoint { get; }

    /// <summary>As bound, with the real port; null when there is no TLS listener.</summary>
    public IPEndPoint? TlsEndPoint { get; }

    public bool IsUp => Volatile.Read(ref _stopped) == 0;

    internal IsoListenerOptions Options => _options;

    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <exception cref="IsoListenerException">An address cannot be listened on.</exception>
    public static async Task<IsoListener> StartAsync(
        IsoListenerOptions options, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggers);
        ArgumentNullException.ThrowIfNull(time);
        Validate(options);

        var logger = loggers.CreateLogger<IsoListener>();
        var metrics = new IsoMetrics(options.Meter);
        var connections = new BmcConnections(options, time, metrics, logger);
        var certificate = options.Certificate is { } shown ? new ServedCertificate(shown) : null;
        ListenOptions? plain = null;
        ListenOptions? tls = null;

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = ListenSocket.Bind);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Bound(kestrel, options);
            if (options.Plain is not null)
            {
                kestrel.Listen(options.Plain, listen => Configure(plain = listen, connections));
            }

            if (options.Tls is not null)
            {
                kestrel.Listen(options.Tls, listen => Configure(tls = listen, connections, certificate));
            }
        });

        var web = builder.Build();
        try
        {
            var server = web.Services.GetRequiredService<IServer>();
            await server.StartAsync(new IsoApplication(options.Routes, metrics, time, logger), cancellationToken);
            var listener = new IsoListener(options, web, server, connections, certificate, time, plain?.IPEndPoint, tls?.IPEndPoint);
            logger.Listening(string.Join(" and ", listener.Addresses()));
            return listener;
        }
        catch
        {
            await web.DisposeAsync();
            throw;
        }
    }

    /// <summary>From the next handshake on this certificate is shown; connections that are open go on with the one they began with.</summary>
    /// <exception cref="InvalidOperationException">The listener has no TLS address.</exception>
    public void Show(SslStreamCertificateContext certificate) =>
        (_certificate ?? throw new InvalidOperationException("The ISO listener has no TLS address.")).Replace(certificate);

    /// <summary>From the next connection on these are the places; who is connected stays so.</summary>
    /// <param name="expected">As <see cref="IsoListenerOptions.Expected"/>.</param>
    /// <param name="perAddress">As <see cref="IsoListenerOptions.ConnectionsPerAddress"/>.</param>
    public void Admit(IReadOnlyList<IPNetwork> expected, int perAddress)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(perAddress, LeastPerAddress);
        _connections.Admit(expected, perAddress);
    }

    /// <summary>Stops listening at once; responses that do not end within two seconds are cut, and their clients try again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) != 0)
        {
            return;
        }

        using var grace = new CancellationTokenSource(StopGrace, _time);
        await _server.StopAsync(grace.Token);
        await _stallWatch.DisposeAsync();
        await _web.DisposeAsync();
        _options.Routes.Detach(_connections);
    }

    private IEnumerable<string> Addresses()
    {
        if (PlainEndPoint is not null)
        {
            yield return $"http://{PlainEndPoint}";
        }

        if (TlsEndPoint is not null)
        {
            yield return $"https://{TlsEndPoint}";
        }
    }

    private static void Validate(IsoListenerOptions options)
    {
        if (options.Plain is null && options.Tls is null)
        {
            throw new ArgumentException("The ISO listener needs an address: plain, TLS or both.", nameof(options));
        }

        if (options.Tls is not null && options.Certificate is not { HasPrivateKey: true })
        {
            throw new ArgumentException("The TLS address of the ISO listener needs a certificate with its private key.", nameof(options));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.ConnectionsPerAddress, LeastPerAddress, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.IdleLimit, TimeSpan.Zero, nameof(options));
    }

    private static void Bound(KestrelServerOptions kestrel, IsoListenerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;

        // A header value may be any byte (RFC 9110 section 5.5), and a User-Agent that is no UTF-8 is no reason to refuse its BMC.
        kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;

        // Both are masked, and need not agree.
        kestrel.AllowHostHeaderOverride = true;
        var limits = kestrel.Limits;
        limits.MaxRequestLineSize = MaxRequestLine;
        limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        limits.MaxRequestBufferSize = MaxRequestLine + MaxHeaderBytes;
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.MaxRequestBodySize = 0;
        limits.MaxResponseBufferSize = MaxUnsentBytes;

        // A BMC reads when its host does: stalls are bounded by the idle limit, not by a rate.
        limits.MinResponseDataRate = null;
        limits.KeepAliveTimeout = options.IdleLimit;
    }

    private static void Configure(ListenOptions listen, BmcConnections connections, ServedCertificate? certificate = null)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection => connections.AdmitAsync(connection, next));
        if (certificate is not null)
        {
            Secure(listen, certificate);
        }

        listen.Use(next => connection => MaskedInput.RunAsync(connection, next));
    }

    private static void Secure(ListenOptions listen, ServedCertificate certificate) =>
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = certificate.Now.TargetCertificate,
            SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            OnAuthenticate = (_, authentication) =>
            {
                authentication.ServerCertificateContext = certificate.Now;
                if (OperatingSystem.IsLinux())
                {
                    authentication.CipherSuitesPolicy = new CipherSuitesPolicy(
                    [
                        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
                        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
                        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                    ]);
                }
            },
        });
}
