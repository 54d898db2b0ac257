using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IsoCatalog.Testing.Hostile;

/// <summary>Certificates of an issuer that nobody has, which carry more than a site's. For the P-256 key in a PEM file, or for a new one.</summary>
public static class OddCertificate
{
    /// <summary>More bytes than a site takes, though TLS does.</summary>
    public static X509Certificate2 Large(string? keyPath = null) => Make(keyPath, new X509Extension("1.3.6.1.4.1.55555.1", new byte[8 << 10], critical: false));

    /// <summary>Says that its issuer's certificate can be fetched there.</summary>
    public static X509Certificate2 OfIssuerAt(Uri issuer, string? keyPath = null) =>
        Make(keyPath, new X509AuthorityInformationAccessExtension(ocspUris: null, [issuer.AbsoluteUri]));

    private static X509Certificate2 Make(string? keyPath, X509Extension extension)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (keyPath is not null)
        {
            key.ImportFromPem(File.ReadAllText(keyPath));
        }

        using var issuer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=odd", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(extension);
        using var signed = request.Create(
            new X500DistinguishedName("CN=issuer"),
            X509SignatureGenerator.CreateForECDsa(issuer),
            DateTimeOffset.UnixEpoch,
            DateTimeOffset.UnixEpoch.AddYears(100),
            [1]);
        return signed.CopyWithPrivateKey(key);
    }
}
