using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Tests.Trust;

/// <summary>A fleet of a few sites with the private keys of everybody, so that a test can misuse them.</summary>
internal sealed class SomeFleet
{
    public static readonly DateTimeOffset Now = new(2026, 11, 21, 6, 0, 0, TimeSpan.Zero);

    public static readonly TimeSpan Year = TimeSpan.FromDays(365);

    public static readonly SiteAddress Address = new("ams.example.com:58888", "ams.example.com:58889");

    public SomeFleet(params string[] sites)
        : this(1, 1, sites)
    {
    }

    public SomeFleet(int roots, int threshold, params string[] sites)
    {
        Roots = [.. Enumerable.Range(0, roots).Select(_ => SigningKey.Generate())];
        var document = TrustDocument.First(RandomId.New(), [.. Roots.Select(r => r.Public)], threshold, Now, Year);
        foreach (var site in sites)
        {
            Signers[site] = SigningKey.Generate();
            TlsKeys[site] = SigningKey.Generate();
            document = document.WithSite(site, Signers[site].Public, TlsKeys[site].Public, Address);
        }

        document = document with { Params = document.Params with { MaxRetained = 64 } };
        Chain = Begun(SignedBy(document, Roots));
    }

    public IReadOnlyList<SigningKey> Roots { get; }

    public Dictionary<string, SigningKey> Signers { get; } = [];

    public Dictionary<string, SigningKey> TlsKeys { get; } = [];

    public TrustChain Chain { get; private set; }

    public static Envelope SignedBy(TrustDocument document, params IEnumerable<SigningKey> keys) =>
        Envelope.Merged([.. keys.Select(k => k.Sign(TrustDocument.PayloadType, document.ToPayload()))]);

    public static TrustChain Begun(Envelope first) => ((TrustOutcome.Accepted)TrustChain.Begin(first.ToJson(), null)).Chain;

    /// <summary>The next version, not signed yet.</summary>
    public TrustDocument Next() => TrustDocument.After(Chain.Newest, Now, Year);

    public TrustChain Advance(Func<TrustDocument, TrustDocument> edit) =>
        Chain = ((TrustOutcome.Accepted)Chain.Offer(SignedBy(edit(Next()), Roots).ToJson())).Chain;

    public FleetCatalog Catalog(string? self = null) => new() { Trust = Chain, Self = self };

    public SiteWriter Writer(string site, FleetCatalog? catalog = null) => SiteWriter.Start(catalog ?? Catalog(site), site, RandomId.New(), 0, default);

    /// <summary>A manifest as the writer makes it, changed, and signed by the site's key.</summary>
    public byte[] Resigned(SiteManifest manifest, SigningKey? key = null) =>
        (key ?? Signers[manifest.Site]).Sign(SiteManifest.PayloadType, manifest.ToPayload()).ToJson();

    public static IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> Nothing { get; } = new Dictionary<Sha256Digest, ReadOnlyMemory<byte>>();
}
