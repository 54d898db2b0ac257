using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IsoCatalog.Simulators.Engine;

/// <summary>A CA of the engine's own, as engine-setup makes one, and the certificate that it gave the engine. The CA's key is forgotten at once.</summary>
internal static class EngineCertificate
{
    public static (X509Certificate2 Server, string CaPem) Make(IPAddress address, IReadOnlyList<string> hostNames)
    {
        var now = TimeProvider.System.GetUtcNow();
        var (from, to) = (now.AddDays(-1), now.AddYears(5));
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var ca = new CertificateRequest("CN=Simulated engine CA, O=IsoCatalog simulator", caKey, HashAlgorithmName.SHA256);
        ca.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        ca.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        ca.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(ca.PublicKey, false));
        using var caCertificate = ca.CreateSelfSigned(from, to);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var server = new CertificateRequest("CN=Simulated engine", key, HashAlgorithmName.SHA256);
        server.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        server.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        server.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        server.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(caCertificate, true, false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        if (!IPAddress.IsLoopback(address) && !IPAddress.Any.Equals(address) && !IPAddress.IPv6Any.Equals(address))
        {
            names.AddIpAddress(address);
        }

        foreach (var host in hostNames)
        {
            names.AddDnsName(host);
        }

        server.CertificateExtensions.Add(names.Build());
        using var certificate = server.Create(caCertificate, from, to, RandomNumberGenerator.GetBytes(12));
        return (certificate.CopyWithPrivateKey(key), caCertificate.ExportCertificatePem());
    }
}
