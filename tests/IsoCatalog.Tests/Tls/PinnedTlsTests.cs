using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Tls;
using Xunit;

namespace IsoCatalog.Tests.Tls;

public sealed class PinnedTlsTests
{
    [Fact]
    public void The_key_of_a_certificate_is_the_hash_of_its_SubjectPublicKeyInfo()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Certificate(key);

        Assert.Equal(new Sha256Digest(SHA256.HashData(key.ExportSubjectPublicKeyInfo())), PinnedTls.KeyOf(certificate));
    }

    [Fact]
    public void A_certificate_has_no_key_here_once_it_is_larger_than_the_bound()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var whole = Certificate(key, PinnedTls.MaxCertificate / 2);
        using var large = Certificate(key, PinnedTls.MaxCertificate);

        Assert.NotNull(PinnedTls.KeyOf(whole));
        Assert.Null(PinnedTls.KeyOf(large));
        Assert.Null(PinnedTls.KeyOf(null));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whoever_shows_no_usable_key_is_refused_by_one_who_would_accept_anybody(bool server)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var known = Certificate(key);
        using var large = Certificate(key, PinnedTls.MaxCertificate);
        var asked = new List<Sha256Digest?>();
        var verdict = Callback(known, server, shown =>
        {
            asked.Add(shown);
            return true;
        });

        Assert.False(verdict(this, null, null, SslPolicyErrors.None));
        Assert.False(verdict(this, large, null, SslPolicyErrors.None));
        Assert.True(verdict(this, known, null, SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch));
        Assert.Equal([null, null, PinnedTls.KeyOf(known)], asked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_key_that_is_not_accepted_is_refused_however_right_its_chain_is(bool server)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Certificate(key);

        Assert.False(Callback(certificate, server, _ => false)(this, certificate, null, SslPolicyErrors.None));
    }

    [Fact]
    public void Both_ends_speak_TLS_1_3_alone_and_never_resume()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Certificate(key);
        var server = PinnedTls.ForServer(PinnedTls.Shown(certificate), _ => true);
        var client = PinnedTls.ForClient(PinnedTls.Shown(certificate), _ => true);

        Assert.True(server.ClientCertificateRequired);
        Assert.Equal((SslProtocols.Tls13, SslProtocols.Tls13), (server.EnabledSslProtocols, client.EnabledSslProtocols));
        Assert.Equal((false, false), (server.AllowTlsResume, client.AllowTlsResume));
        Assert.Equal((false, false), (server.AllowRenegotiation, client.AllowRenegotiation));
    }

    private static RemoteCertificateValidationCallback Callback(X509Certificate2 own, bool server, Func<Sha256Digest?, bool> accept) => server
        ? PinnedTls.ForServer(PinnedTls.Shown(own), accept).RemoteCertificateValidationCallback!
        : PinnedTls.ForClient(PinnedTls.Shown(own), accept).RemoteCertificateValidationCallback!;

    private static X509Certificate2 Certificate(ECDsa key, int padding = 0)
    {
        var request = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension("1.3.6.1.4.1.55555.1", new byte[padding], critical: false));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
    }
}
