using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Refit;

namespace IsoCatalog.Client;

/// <summary>Opens the API of a site. What is asked says <see cref="IApplianceClient"/>; what Refit does not bound is bounded by the handlers below it.</summary>
public static class ApplianceClient
{
    /// <param name="path">The Unix socket of a site on this machine. Nothing is opened before the first call.</param>
    /// <param name="options">How it is asked.</param>
    public static IApplianceClient OverSocket(string path, ApplianceClientOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Open(new AskedSite(new Uri("http://localhost/"), Path.GetFullPath(path), options ?? new ApplianceClientOptions()));
    }

    /// <param name="server">The site's API address, http or https; a path is the prefix under which a proxy serves the site.</param>
    /// <param name="options">How it is asked.</param>
    /// <exception cref="ArgumentException">Not an absolute http or https address, or it holds a user, a query or a fragment.</exception>
    public static IApplianceClient At(Uri server, ApplianceClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        if (!server.IsAbsoluteUri || server.Scheme is not ("http" or "https") || server.UserInfo.Length > 0 || server.Query.Length > 0
            || server.Fragment.Length > 0)
        {
            throw new ArgumentException($"{server} is not the address of a site, such as https://isos.example.com:8443.", nameof(server));
        }

        var prefix = server.AbsoluteUri.EndsWith('/') ? server : new Uri(server.AbsoluteUri + "/");
        return Open(new AskedSite(prefix, socketPath: null, options ?? new ApplianceClientOptions()));
    }

    private static IApplianceClient Open(AskedSite site)
    {
        var http = new HttpClient(new Repetition(site, new AnswerHandler(site, Transport(site))), disposeHandler: true)
        {
            BaseAddress = site.Server,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.UserAgent.Add(
            new ProductInfoHeaderValue("isocatalog", typeof(ApplianceClient).Assembly.GetName().Version?.ToString(3)));
        if (site.Options.Token is { } token)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return RestService.ForGenerated<IApplianceClient>(http, new RefitSettings(new AnswerSerializer(site))
        {
            UrlParameterKeyFormatter = new CamelCaseUrlParameterKeyFormatter(),
            // The handlers have said all of it already.
            ExceptionFactory = _ => default,
            TransportExceptionFactory = (_, failure, _) => failure,
            DeserializationExceptionFactory = (_, failure) => new ValueTask<Exception?>(failure),
        });
    }

    private static SocketsHttpHandler Transport(AskedSite site)
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
        if (site.SocketPath is { } path)
        {
            handler.ConnectCallback = (_, cancellationToken) => ConnectAsync(path, cancellationToken);
        }

        if (site.Options.TrustedRoots is { } roots)
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
