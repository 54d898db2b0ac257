using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>Certificates of listeners, from PEM files.</summary>
internal static class Certificates
{
    /// <exception cref="SiteStartException">One of the files is missing, unreadable, or not what it should be.</exception>
    public static X509Certificate2 Load(CertificateConfiguration files)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SiteStartException(
                "certificate-unusable",
                $"The certificate {files.Certificate} with the key {files.Key} cannot be used: {e.Message} Both must be PEM files that belong together.",
                e);
        }
    }
}
