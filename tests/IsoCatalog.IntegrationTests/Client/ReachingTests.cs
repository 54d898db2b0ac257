using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Client;

public sealed class ReachingTests
{
    private static readonly ApplianceClientOptions Once = new() { Retries = 0 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_is_asked_over_its_socket()
    {
        using var folder = new TempFolder();
        await using var site = await ScriptedSite.StartAsync(folder.Combine("s.sock"));
        site.On("GET /api/v1/status", Samples.Status(), ApiJson.Default.StatusView);
        using var client = ApplianceClient.OverSocket(folder.Combine("s.sock"));

        Assert.Equal("ams", (await client.GetStatusAsync(Token)).Site);
    }

    [Fact]
    public async Task A_socket_that_is_not_there_is_named()
    {
        using var folder = new TempFolder();
        var path = folder.Combine("no.sock");
        using var client = ApplianceClient.OverSocket(path, Once);

        var unreachable = await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.GetStatusAsync(Token));

        Assert.Equal((path, UnreachableReason.NotConnected), (unreachable.Address, unreachable.Reason));
        Assert.StartsWith($"There is no socket {path}. Is `isocatalog serve` running", unreachable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_that_a_crash_left_is_told_apart()
    {
        using var folder = new TempFolder();
        var path = folder.Combine("stale.sock");
        using (var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            File.Move(path, path + ".kept");
        }

        File.Move(path + ".kept", path);
        using var client = ApplianceClient.OverSocket(path, Once);

        var unreachable = await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.GetStatusAsync(Token));

        Assert.StartsWith($"Nobody listens at the socket {path}.", unreachable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_that_is_too_long_for_a_socket_is_an_address_that_cannot_be_reached()
    {
        using var client = ApplianceClient.OverSocket("/tmp/" + new string('x', 200), Once);

        await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.GetStatusAsync(Token));
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_named()
    {
        var port = FreePort();
        using var client = ApplianceClient.At(new Uri($"http://127.0.0.1:{port}"), Once);

        var unreachable = await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.GetStatusAsync(Token));

        Assert.Equal(UnreachableReason.NotConnected, unreachable.Reason);
        Assert.Contains($"http://127.0.0.1:{port}", unreachable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_must_lead_to_the_authority_that_was_named()
    {
        using var authority = Authority();
        using var certificate = Certificate(authority, "127.0.0.1");
        await using var site = await ScriptedSite.StartAsync(certificate: certificate);
        site.On("GET /api/v1/status", Samples.Status(), ApiJson.Default.StatusView);
        using var other = Authority();
        using var trusting = site.Client(Once with { TrustedRoots = [authority] });
        using var mistrusting = site.Client(Once with { TrustedRoots = [other] });
        using var ordinary = site.Client(Once);

        Assert.Equal("ams", (await trusting.GetStatusAsync(Token)).Site);
        foreach (var client in new[] { mistrusting, ordinary })
        {
            var unreachable = await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.GetStatusAsync(Token));
            Assert.Equal(UnreachableReason.NotTrusted, unreachable.Reason);
            Assert.Contains("--ca-file", unreachable.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_certificate_for_another_host_is_not_taken()
    {
        using var authority = Authority();
        using var certificate = Certificate(authority, "127.0.0.2");
        await using var site = await ScriptedSite.StartAsync(certificate: certificate);
        using var client = site.Client(Once with { TrustedRoots = [authority] });

        var unreachable = await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.GetStatusAsync(Token));

        Assert.Equal(UnreachableReason.NotTrusted, unreachable.Reason);
    }

    [Fact]
    public async Task Something_that_speaks_no_http_is_an_address_that_cannot_be_reached()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = Task.Run(
            async () =>
            {
                using var peer = await listener.AcceptSocketAsync(Token);
                await peer.SendAsync("SSH-2.0-OpenSSH_9.2\r\n"u8.ToArray(), Token);
            },
            Token);
        using var client = ApplianceClient.At(new Uri($"http://{listener.LocalEndpoint}"), Once);

        var unreachable = await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.GetStatusAsync(Token));

        await answering;
        Assert.Equal(UnreachableReason.Broken, unreachable.Reason);
        Assert.Contains("listen.api", unreachable.Message, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=Test authority {Guid.NewGuid():N}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private static X509Certificate2 Certificate(X509Certificate2 authority, string address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=site", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var signed = request.Create(authority, now.AddHours(-1), now.AddHours(1), [1, 2, 3]);
        return signed.CopyWithPrivateKey(key);
    }
}
