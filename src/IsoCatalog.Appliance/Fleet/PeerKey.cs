using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>How sites know each other: by the SHA-256 of the SubjectPublicKeyInfo that a certificate carries, and by nothing else of it.</summary>
internal static class PeerKey
{
    /// <summary>Bytes of DER. Ours have 300; whoever sends more wants something else.</summary>
    private const int MaxCertificate = 8 << 10;

    /// <summary>Null for no certificate, one that is too large, or one whose key cannot be read.</summary>
    public static Sha256Digest? Of(X509Certificate? certificate)
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

    /// <summary>
    /// SslStream builds a chain before it asks us. It shall find everything right, and above all fetch nothing: a certificate may name any URL as its
    /// issuer's.
    /// </summary>
    public static X509ChainPolicy NoChain() => new()
    {
        DisableCertificateDownloads = true,
        RevocationMode = X509RevocationMode.NoCheck,
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        VerificationFlags = X509VerificationFlags.AllFlags,
    };

    /// <summary>A certificate without a chain, ready to be shown.</summary>
    public static SslStreamCertificateContext Shown(X509Certificate2 certificate) =>
        SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
}
