using System.Net;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>Where the appliance listens; a null listener is not opened. Port 0 lets the system choose.</summary>
public sealed record ListenConfiguration
{
    /// <summary>The public API, the web page and the probes. HTTPS when <see cref="TlsConfiguration.Api"/> is set.</summary>
    public IPEndPoint Api { get; init; } = new(IPAddress.Loopback, 8080);

    /// <summary>ISO images for BMCs, plain HTTP.</summary>
    public IPEndPoint Iso { get; init; } = new(IPAddress.Any, 8088);

    /// <summary>ISO images for BMCs, HTTPS; set together with <see cref="TlsConfiguration.Iso"/>.</summary>
    public IPEndPoint? IsoTls { get; init; }

    /// <summary>Connections of one client address to the listeners of ISO images; 8 to 4096. BMCs behind one NAT share it.</summary>
    public int IsoPerAddress { get; init; } = 64;

    /// <summary>Documents between sites, mutual TLS.</summary>
    public IPEndPoint? Fleet { get; init; }

    /// <summary>BitTorrent between sites, mutual TLS. Opened together with <see cref="Fleet"/>.</summary>
    public IPEndPoint? Swarm { get; init; }

    /// <summary>Metrics alone, plain HTTP, for a Prometheus that shall not reach the API; without it they are on the API listener only.</summary>
    public IPEndPoint? Metrics { get; init; }

    /// <summary>Plain BitTorrent for standard clients; only for the addresses of <see cref="StandardAllow"/>.</summary>
    public IPEndPoint? Standard { get; init; }

    /// <summary>Empty means nobody.</summary>
    public IReadOnlyList<IPNetwork> StandardAllow { get; init; } = [];
}

/// <summary>Certificates of the listeners that speak TLS.</summary>
public sealed record TlsConfiguration
{
    public CertificateConfiguration? Api { get; init; }

    public CertificateConfiguration? Iso { get; init; }
}

/// <param name="Certificate">PEM file: the certificate, then its intermediates.</param>
/// <param name="Key">PEM file: the private key, without a password.</param>
public sealed record CertificateConfiguration(string Certificate, string Key);
