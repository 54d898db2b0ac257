using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Core.Connections;
using IsoCatalog.Core.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>
/// Where other sites fetch documents: HTTPS with TLS 1.3 only, and a certificate from both ends, of which the public key counts and nothing else. An own
/// server: its routes are on no other listener, and no route of another listener is here.
/// </summary>
internal sealed class FleetListener : IAsyncDisposable
{
    private const int MaxRequestLine = 512;
    private const int MaxHeaders = 24;
    private const int MaxHeaderBytes = 4 << 10;

    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HeaderLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    private readonly WebApplication _web;
    private readonly FleetConnections _connections;

    private FleetListener(WebApplication web, FleetConnections connections, IPEndPoint endPoint)
    {
        _web = web;
        _connections = connections;
        EndPoint = endPoint;
    }

    /// <summary>As bound, with the real port.</summary>
    public IPEndPoint EndPoint { get; }

    /// <param name="isPeer">Whether an address is where a peer is asked: strangers never take its places.</param>
    /// <exception cref="SiteStartException">The address cannot be listened on.</exception>
    public static async Task<FleetListener> StartAsync(
        IPEndPoint address, X509Certificate2 certificate, FleetRoutes routes, Func<IPAddress, bool> isPeer, Meter meter, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var log = loggers.CreateLogger<FleetListener>();
        var connections = new FleetConnections(routes.SiteOf, isPeer, new TurnedAway(meter, "fleet"), log);
        ListenOptions? bound = null;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            Bound(kestrel);
            kestrel.Listen(address, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => connection => connections.CountAsync(connection, next));
                Secure(listen, certificate);
                listen.Use(next => connection => connections.AdmitAsync(connection, next));
                bound = listen;
            });
        });
        var web = builder.Build();
        web.Run(routes.HandleAsync);
        try
        {
            await web.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            await web.DisposeAsync();
            throw new SiteStartException(
                e.InnerException is AddressInUseException ? "port-in-use" : "cannot-listen",
                $"The fleet listener cannot listen on {address}: {e.GetBaseException().Message}. Stop the program that has the port, or change listen.fleet.",
                e);
        }

        var listener = new FleetListener(web, connections, bound!.IPEndPoint!);
        Log.Listening(log, listener.EndPoint);
        return listener;
    }

    /// <summary>After the trust document changed: connections of keys that mean somebody else by now, or nobody, end at once.</summary>
    public void Recheck() => _connections.Recheck();

    public async ValueTask DisposeAsync()
    {
        using var grace = new CancellationTokenSource(StopGrace);
        await _web.StopAsync(grace.Token);
        await _web.DisposeAsync();
    }

    private static void Bound(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        var limits = kestrel.Limits;
        limits.MaxRequestLineSize = MaxRequestLine;
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        limits.MaxRequestBodySize = Math.Max(FleetState.MaxBytes, FleetLimits.Trust);
        limits.RequestHeadersTimeout = HeaderLimit;
        limits.KeepAliveTimeout = IdleLimit;
        limits.MinRequestBodyDataRate = new MinDataRate(1024, TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new MinDataRate(4096, TimeSpan.FromSeconds(10));
    }

    private static void Secure(ListenOptions listen, X509Certificate2 certificate)
    {
        var shown = PinnedTls.Shown(certificate);
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeLimit,

            // Any key may shake hands; what it may do is decided for each request, by the trust document as it is then.
            OnConnection = _ => ValueTask.FromResult(PinnedTls.ForServer(shown, static _ => true)),
        });
    }
}
