using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Tls;

/// <summary>
/// How sites know each other on a connection: TLS 1.3, both ends show a certificate, and of it the public key counts and nothing else: no chain, no dates,
/// no revocation, and no resumption, which would skip the look at the key. Opens nothing itself.
/// </summary>
public static class PinnedTls
{
    /// <summary>Bytes of DER. Ours have 300; whoever sends more wants something else.</summary>
    public const int MaxCertificate = 8 << 10;

    /// <summary>A certificate with its private key, ready to be shown without a chain.</summary>
    public static SslStreamCertificateContext Shown(X509Certificate2 certificate) =>
        SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);

    /// <param name="accept">
    /// Whether the handshake may go on with this key. Null stands for no certificate, or none of which <see cref="KeyOf"/> takes the key: that is refused
    /// whatever the answer is.
    /// </param>
    public static SslServerAuthenticationOptions ForServer(SslStreamCertificateContext own, Func<Sha256Digest?, bool> accept) => new()
    {
        ServerCertificateContext = own,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        AllowTlsResume = false,
        AllowRenegotiation = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = NoChain(),
        RemoteCertificateValidationCallback = Verdict(accept),
    };

    /// <inheritdoc cref="ForServer"/>
    public static SslClientAuthenticationOptions ForClient(SslStreamCertificateContext own, Func<Sha256Digest?, bool> accept) => new()
    {
        ClientCertificateContext = own,
        EnabledSslProtocols = SslProtocols.Tls13,
        AllowTlsResume = false,
        AllowRenegotiation = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = NoChain(),
        RemoteCertificateValidationCallback = Verdict(accept),
    };

    /// <summary>The SHA-256 of the SubjectPublicKeyInfo; null for no certificate, one above <see cref="MaxCertificate"/>, or one whose key cannot be read.</summary>
    public static Sha256Digest? KeyOf(X509Certificate? certificate)
    {
        if (certificate is not X509Certificate2 { RawDataMemory.Length: <= MaxCertificate } shown)
        {
            return null;
        }

        try
        {
            return new Sha256Digest(SHA256.HashData(shown.PublicKey.ExportSubjectPublicKeyInfo()));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static RemoteCertificateValidationCallback Verdict(Func<Sha256Digest?, bool> accept) => (_, certificate, _, _) =>
    {
        var key = KeyOf(certificate);
        return accept(key) && key is not null;
    };

    /// <summary>
    /// SslStream builds a chain before it asks us. It shall find everything right, and above all fetch nothing: a certificate may name any URL as its
    /// issuer's, and whoever shows it is not known yet.
    /// </summary>
    private static X509ChainPolicy NoChain() => new()
    {
        DisableCertificateDownloads = true,
        RevocationMode = X509RevocationMode.NoCheck,
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };
}
