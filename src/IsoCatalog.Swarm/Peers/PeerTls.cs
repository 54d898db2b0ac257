using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IsoCatalog.Swarm.Peers;

/// <summary>
/// TLS 1.3 in which both sides show a certificate and only its public key counts: no chain, no dates, no revocation, and no resumption,
/// which would skip the check.
/// </summary>
internal static class PeerTls
{
    /// <param name="isKnown">Whether the key (SHA-256 of its SubjectPublicKeyInfo, hex) may speak with us.</param>
    /// <returns>The stream, and the key of the other side.</returns>
    /// <exception cref="AuthenticationException">The other side is not who it must be.</exception>
    /// <exception cref="PeerRefusedException">The other side speaks something else.</exception>
    public static async Task<(SslStream Stream, string Spki)> AsServerAsync(
        Socket socket, X509Certificate2 own, Func<string, bool> isKnown, CancellationToken cancellationToken)
    {
        var records = new RecordStream(socket);
        var stream = new SslStream(records);
        string? spki = null;
        var asked = false;
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true),
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                asked = true;
                return (spki = SpkiOf(certificate)) is not null && isKnown(spki);
            },
        };
        try
        {
            await stream.AuthenticateAsServerAsync(options, cancellationToken);
        }
        catch (AuthenticationException e) when (!asked)
        {
            throw new PeerRefusedException(CutReason.BadHandshake, $"it does not speak TLS as we do ({e.Message})");
        }

        records.Gather = true;
        return (stream, spki ?? throw new AuthenticationException("The other side showed no certificate."));
    }

    /// <inheritdoc cref="AsServerAsync"/>
    public static async Task<(SslStream Stream, string Spki)> AsClientAsync(
        Socket socket, X509Certificate2 own, Func<string, bool> isKnown, CancellationToken cancellationToken)
    {
        var records = new RecordStream(socket);
        var stream = new SslStream(records);
        string? spki = null;
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "",
                ClientCertificateContext = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true),
                EnabledSslProtocols = SslProtocols.Tls13,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                AllowTlsResume = false,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => (spki = SpkiOf(certificate)) is not null && isKnown(spki),
            },
            cancellationToken);
        records.Gather = true;
        return (stream, spki ?? throw new AuthenticationException("The other side showed no certificate."));
    }

    private static string? SpkiOf(X509Certificate? certificate) => certificate is X509Certificate2 shown
        ? Convert.ToHexStringLower(SHA256.HashData(shown.PublicKey.ExportSubjectPublicKeyInfo()))
        : null;
}
