using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IsoCatalog.IntegrationTests.Ipmi;

/// <summary>A certificate authority as an operator would import it into BMCs, and a certificate for 127.0.0.1 that it signed.</summary>
internal static class TestAuthority
{
    public static (X509Certificate2 Authority, X509Certificate2 Certificate) Create()
    {
        var from = TimeProvider.System.GetUtcNow().AddHours(-1);
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=Test authority", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authorityRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var authority = authorityRequest.CreateSelfSigned(from, from.AddDays(2));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ISO listener", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        using var signed = request.Create(authority, from, from.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return (authority, signed.CopyWithPrivateKey(key));
    }
}
