using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Core.Tls;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>Certificates of listeners, from PEM files.</summary>
internal static class Certificates
{
    /// <summary>The certificate with its key, and what else stands in its file: the intermediates, which are sent along.</summary>
    /// <exception cref="SiteStartException">One of the files is missing, unreadable, or not what it should be.</exception>
    public static SslStreamCertificateContext Load(CertificateConfiguration files)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(files.Certificate);
            var certificate = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
            return ServedCertificate.Of(certificate, [.. chain.Where(other => !other.RawData.AsSpan().SequenceEqual(certificate.RawData))]);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SiteStartException(
                "certificate-unusable",
                $"The certificate {files.Certificate} with the key {files.Key} cannot be used: {e.Message} Both must be PEM files that belong together.",
                e);
        }
    }
}
