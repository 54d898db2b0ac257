using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace IsoCatalog.Testing;

/// <summary>
/// Something that answers like the fleet listener of a site, with that site's key, and says what the test wants: TLS by hand, HTTP/1.1 by hand, one request a
/// connection. Without a key it makes one of its own.
/// </summary>
public sealed class RawPeer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _certificate;
    private readonly Func<string, byte[]?> _answer;
    private readonly List<string> _requests = [];
    private readonly Task _accepting;

    /// <param name="answer">From method and path to the body of a 200; null is a 404. A body may begin with "HTTP/": then it is the whole answer.</param>
    public RawPeer(X509Certificate2 certificate, Func<string, byte[]?> answer)
    {
        (_certificate, _answer) = (certificate, answer);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>Method and path of each request so far.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    /// <summary>A certificate for the TLS key of a site; for a new key when there is none.</summary>
    public static X509Certificate2 Certificate(string? keyPath = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (keyPath is not null)
        {
            key.ImportFromPem(File.ReadAllText(keyPath));
        }

        return new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
    }

    /// <summary>A client of a fleet listener that shows this certificate and believes anybody.</summary>
    public static HttpClient Client(string address, X509Certificate2 certificate) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            RemoteCertificateValidationCallback = (_, peer, _, _) => peer is not null,
        },
    })
    {
        BaseAddress = new Uri($"https://{address}/fleet/v1/"),
    };

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        _stop.Dispose();
        _certificate.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            await using (var tls = new SslStream(client.GetStream()))
            {
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = SslStreamCertificateContext.Create(_certificate, null, offline: true),
                        ClientCertificateRequired = true,
                        EnabledSslProtocols = SslProtocols.Tls13,
                        RemoteCertificateValidationCallback = (_, peer, _, _) => peer is not null,
                    },
                    _stop.Token);
                var head = await HeadAsync(tls);
                var request = string.Join(' ', head.Split('\r')[0].Split(' ').Take(2));
                lock (_requests)
                {
                    _requests.Add(request);
                }

                var body = _answer(request);
                var whole = body is null ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray()
                    : body.AsSpan().StartsWith("HTTP/"u8) ? body
                    : [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), .. body];
                await tls.WriteAsync(whole, _stop.Token);
                await tls.ShutdownAsync();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or AuthenticationException or SocketException)
        {
            // The other end had enough.
        }
    }

    private async Task<string> HeadAsync(SslStream tls)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await tls.ReadAsync(one, _stop.Token) == 1)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
