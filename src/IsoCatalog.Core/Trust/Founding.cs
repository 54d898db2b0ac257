namespace IsoCatalog.Core.Trust;

/// <summary>A new fleet of one site: what <c>isocatalog init</c> makes. Holds private keys: the root key is written outside of the data folder and can be
/// taken away; the other two stay with the site.</summary>
public sealed class Founding : IDisposable
{
    private Founding(string site, SiteAddress? address, DateTimeOffset now, TimeSpan lifetime)
    {
        var document = TrustDocument.First(RandomId.New(), [Root.Public], 1, now, lifetime).WithSite(site, Sign.Public, Tls.Public, address);
        Trust = TrustLink.Of(Root.Sign(TrustDocument.PayloadType, document.ToPayload()));
        Chain = TrustChain.Begin(Trust.Envelope.ToJson(), Trust.Sha256) is TrustOutcome.Accepted { Chain: var chain }
            ? chain : throw new InvalidOperationException("A trust document that was just made is not accepted.");
    }

    /// <summary>What a trust document lasts unless somebody says otherwise.</summary>
    public static TimeSpan DefaultLifetime => TimeSpan.FromDays(5 * 365);

    public SigningKey Root { get; } = SigningKey.Generate();

    public SigningKey Sign { get; } = SigningKey.Generate();

    /// <summary>Its PEM goes into the TLS certificate; it signs no document.</summary>
    public SigningKey Tls { get; } = SigningKey.Generate();

    public TrustLink Trust { get; }

    public TrustChain Chain { get; }

    /// <exception cref="ArgumentException">The id is not one for a site.</exception>
    public static Founding Create(string site, SiteAddress? address, DateTimeOffset now, TimeSpan lifetime) => new(site, address, now, lifetime);

    public void Dispose()
    {
        Root.Dispose();
        Sign.Dispose();
        Tls.Dispose();
    }
}
