using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace IsoCatalog.Core.Tls;

/// <summary>The certificate that a listener shows. It is asked for at each handshake, so that another can take its place while connections are open. Thread-safe.</summary>
public sealed class ServedCertificate
{
    private volatile SslStreamCertificateContext _now;

    public ServedCertificate(SslStreamCertificateContext first) => _now = first;

    /// <param name="first">With its private key.</param>
    public ServedCertificate(X509Certificate2 first)
        : this(Of(first, []))
    {
    }

    /// <summary>For one handshake.</summary>
    public SslStreamCertificateContext Now => _now;

    /// <summary>The one before is not disposed of: a handshake may be under way with it.</summary>
    public void Replace(SslStreamCertificateContext next) => _now = next;

    /// <param name="certificate">With its private key.</param>
    /// <param name="intermediates">Sent along with it; nothing is fetched.</param>
    public static SslStreamCertificateContext Of(X509Certificate2 certificate, X509Certificate2Collection intermediates) =>
        SslStreamCertificateContext.Create(certificate, intermediates, offline: true);
}
