using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Documents;

/// <summary>What a site has of the fleet's signed documents at one moment, as it hands them on. Immutable.</summary>
internal sealed record FleetSnapshot
{
    /// <summary>This site.</summary>
    public required string Site { get; init; }

    /// <summary>The highest that this site has begun to write in.</summary>
    public long Epoch { get; init; }

    /// <summary>Grows with every change of anything here.</summary>
    public long Version { get; init; }

    public required TrustChain Trust { get; init; }

    /// <summary>The newest stamp that was admitted.</summary>
    public Stamp? LastStamp { get; init; }

    /// <summary>For each other site what time it surely is: it signed a document then, or others stamped one and the root keys signed.</summary>
    public ImmutableSortedDictionary<string, DateTimeOffset> Floors { get; init; } = ImmutableSortedDictionary<string, DateTimeOffset>.Empty;

    /// <summary>The clocks of the documents that count, and of those that wait for their time.</summary>
    public ImmutableArray<DocumentClock> DocumentClocks { get; init; } = [];

    /// <summary>The sites that may take part, by the newest trust document, and where it says that each is reached.</summary>
    public required ImmutableSortedDictionary<string, SiteAddress?> ActiveSites { get; init; }

    /// <summary>By site: of every site of which there is anything.</summary>
    public ImmutableSortedDictionary<string, SiteStatements> Sites { get; init; } = ImmutableSortedDictionary<string, SiteStatements>.Empty;

    /// <summary>Payload hashes of documents that a keep-list of the trust document names and that are not here.</summary>
    public ImmutableArray<Sha256Digest> Missing { get; init; } = [];

    /// <summary>Payload hashes of documents that wait. Those that need a newer version of the program are handed on all the same.</summary>
    public ImmutableHashSet<Sha256Digest> Pending { get; init; } = [];

    /// <summary>Envelopes of the documents that are handed on, and of those that do not count now but may under the next trust document, byte for byte as their sites signed them, by the SHA-256 of the payload.</summary>
    public ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>> Documents { get; init; } = ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>>.Empty;

    /// <summary>The fleet's id.</summary>
    public RandomId Fleet => Trust.Fleet;

    public long TrustVersion => Trust.Current.Version;

    /// <summary>SHA-256 of the payload of the newest trust document.</summary>
    public Sha256Digest TrustHash => Trust.Newest.Sha256;

    /// <summary>Whose TLS key (SHA-256 of its SubjectPublicKeyInfo) it is, by the newest trust document; of sites that may take part alone.</summary>
    public string? SiteOf(Sha256Digest tlsKey) => Trust.Speakers.SiteOfTls(tlsKey.ToString());

    /// <summary>The TLS keys of a site, as <see cref="SiteOf"/> takes them.</summary>
    public IEnumerable<Sha256Digest> TlsKeysOf(string site) => Trust.Speakers.TlsOf(site).Select(k => new Sha256Digest(Convert.FromHexString(k)));

    public static FleetSnapshot Of(string site, long epoch, FleetCatalog catalog, FleetStatements statements, long version)
    {
        var trust = catalog.Trust;
        var sites = catalog.Sites.Where(s => !s.Value.Retained.IsEmpty).Select(s => s.Key)
            .Union(catalog.PassedOn.Select(p => p.Site), StringComparer.Ordinal)
            .Union(statements.Holdings.Keys, StringComparer.Ordinal)
            .Union(statements.Members.Keys, StringComparer.Ordinal);
        return new FleetSnapshot
        {
            Site = site,
            Epoch = epoch,
            Version = version,
            Trust = trust,
            LastStamp = catalog.View.LastStamp,
            Floors = FloorsOf(site, catalog),
            DocumentClocks =
            [
                .. catalog.Pending.Where(p => p.Reason is PendingReason.Future).Select(p => new DocumentClock(p.Site, ((PendingReason.Future)p.Reason).NotBefore)),
                .. catalog.Sites.SelectMany(s => s.Value.Retained, (s, d) => new DocumentClock(s.Key, ClockRules.At(d.Clock.Ms))),
            ],
            ActiveSites = trust.Current.Sites.Where(s => s.Value.Status == SiteStatus.Active)
                .ToImmutableSortedDictionary(s => s.Key, s => s.Value.Address, StringComparer.Ordinal),
            Sites = sites.ToImmutableSortedDictionary(s => s, s => StatementsOf(s, catalog, statements), StringComparer.Ordinal),
            Pending = [.. catalog.Pending.Select(p => p.Ref.Sha256)],
            Missing = [.. catalog.Missing.Select(m => m.Document)],
            Documents = catalog.Sites.Values.SelectMany(s => s.Retained.Concat(s.SetAside)).Select(d => (d.Ref.Sha256, d.Envelope))
                .Concat(catalog.PassedOn.Select(p => (p.Ref.Sha256, p.Envelope)))
                .DistinctBy(d => d.Sha256).ToImmutableDictionary(d => d.Sha256, d => d.Envelope),
        };
    }

    private static ImmutableSortedDictionary<string, DateTimeOffset> FloorsOf(string site, FleetCatalog catalog)
    {
        var trust = catalog.Trust.Current;
        var stamped = catalog.Sites.Where(s => s.Key != site).SelectMany(s => s.Value.Retained).Select(d => ClockRules.At(d.Clock.Ms)).Append(trust.Issued).Max();
        return trust.Sites.Keys.Where(s => s != site).ToImmutableSortedDictionary(
            s => s, s => catalog.Sites.GetValueOrDefault(s)?.Head?.Manifest.Issued is { } issued && issued > stamped ? issued : stamped, StringComparer.Ordinal);
    }

    public bool Knows(Sha256Digest document) => Documents.ContainsKey(document) || Pending.Contains(document);

    private static SiteStatements StatementsOf(string site, FleetCatalog catalog, FleetStatements statements)
    {
        var said = catalog.Sites.GetValueOrDefault(site);
        return new SiteStatements(
            [.. (said?.Retained ?? []).Select(d => d.Ref.Sha256), .. catalog.PassedOn.Where(p => p.Site == site).Select(p => p.Ref.Sha256)],
            statements.Holdings.GetValueOrDefault(site),
            said?.Head is { } head ? new DocumentHead(head.Ref, head.Manifest.Issued) : null,
            statements.Members.GetValueOrDefault(site));
    }
}

/// <param name="Clock">The clock of a document of that site; for one that waits, when it counts.</param>
internal sealed record DocumentClock(string Site, DateTimeOffset Clock);

/// <param name="Documents">Payload hashes of the documents that are handed on.</param>
/// <param name="Head">The newest of them.</param>
internal sealed record SiteStatements(ImmutableArray<Sha256Digest> Documents, Statement? Holdings = null, DocumentHead? Head = null, SignedStatement? Members = null);

/// <param name="Issued">When its site signed it, by that site's clock.</param>
internal sealed record DocumentHead(DocumentRef Ref, DateTimeOffset Issued);

/// <summary>A signed statement that replaces the one before it.</summary>
/// <param name="Sha256">Of the payload.</param>
/// <param name="Envelope">Byte for byte as its site signed it.</param>
internal record SignedStatement(long Epoch, long Seq, Sha256Digest Sha256, byte[] Envelope)
{
    public bool IsAfter(SignedStatement? other) => other is null || (Epoch, Seq).CompareTo((other.Epoch, other.Seq)) > 0;
}

/// <inheritdoc/>
/// <param name="At">When it came here, by this site's clock: holdings age from then on. Null when it lay here at the start: nobody knows how long.</param>
/// <param name="Holdings">What it says.</param>
internal sealed record Statement(long Epoch, long Seq, Sha256Digest Sha256, byte[] Envelope, DateTimeOffset? At, Holdings Holdings)
    : SignedStatement(Epoch, Seq, Sha256, Envelope);
