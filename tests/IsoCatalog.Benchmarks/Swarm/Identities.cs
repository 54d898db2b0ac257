using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>
/// Certificates of both ends, which all programs in a row use: ECDSA P-256, signed by a CA because libtorrent wants one. Ours are pinned
/// by their public keys; libtorrent looks for the torrent's name, or a star, in the certificate.
/// </summary>
internal sealed class Identities
{
    private readonly string _folder;

    public Identities(BenchmarkFolder folder)
    {
        _folder = Directory.CreateDirectory(Path.Combine(folder.FullName, "identities")).FullName;
        Ca = Path.Combine(_folder, "ca.pem");
        var (begins, ends) = (TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(7));
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest("CN=benchmark", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using var ca = caRequest.CreateSelfSigned(begins, ends);
        File.WriteAllText(Ca, ca.ExportCertificatePem());

        Sender = Issue("sender", ca, begins, ends);
        Receiver = Issue("receiver", ca, begins, ends);
    }

    public string Ca { get; }

    public Identity Sender { get; }

    public Identity Receiver { get; }

    private Identity Issue(string name, X509Certificate2 ca, DateTimeOffset begins, DateTimeOffset ends)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=*", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("*");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(ca, begins, ends, RandomNumberGenerator.GetBytes(8));
        var identity = new Identity(
            Path.Combine(_folder, name + ".pem"), Path.Combine(_folder, name + ".key"), Identity.SpkiOf(certificate));
        File.WriteAllText(identity.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(identity.Key, key.ExportPkcs8PrivateKeyPem());
        return identity;
    }
}

/// <param name="Certificate">A PEM file.</param>
/// <param name="Key">A PEM file.</param>
/// <param name="Spki">SHA-256 of the public key, 64 hex digits.</param>
internal sealed record Identity(string Certificate, string Key, string Spki)
{
    public static string SpkiOf(X509Certificate2 certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
}
