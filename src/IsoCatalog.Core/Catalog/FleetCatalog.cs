using System.Collections.Immutable;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// All documents of all sites that count, and the view that they give. Immutable and pure: it is offered documents, the bytes of chunks and a reference time, and
/// answers with the state afterwards. Sites that were offered the same documents, in whatever order and however often, have the same view.
/// </summary>
public sealed record FleetCatalog
{
    /// <summary>Bytes of the envelope of a manifest.</summary>
    public const int MaxEnvelope = (SiteManifest.MaxPayload / 3 * 4) + 16384;

    /// <summary>Documents of one site that wait; beyond, the oldest are dropped (and come again, because peers go on offering them).</summary>
    public const int MaxPending = 8;

    /// <summary>Documents of all sites together that wait: who signed one that is under a later trust version is not known yet, so its site is only a claim.</summary>
    public const int MaxPendingInAll = 128;

    /// <summary>The trust document that decides who may say what.</summary>
    public required TrustChain Trust { get; init; }

    /// <summary>This site: its own documents do not wait for a clock. Null for an onlooker.</summary>
    public string? Self { get; init; }

    public ImmutableSortedDictionary<string, SiteRecord> Sites { get; init; } = ImmutableSortedDictionary.Create<string, SiteRecord>(StringComparer.Ordinal);

    public ImmutableArray<PendingDocument> Pending { get; init; } = [];

    /// <summary>Newest last; the last 64.</summary>
    public ImmutableArray<ForkEvidence> Forks { get; init; } = [];

    public CatalogView View { get; init; } = CatalogView.Empty;

    /// <summary>The highest clock of any admitted document: the next stamp here is above it.</summary>
    public HybridTime Clock { get; init; }

    /// <summary>The newest document of each site; what this site tells as <c>seen</c>.</summary>
    public ImmutableSortedDictionary<string, DocumentRef> Heads => Sites.Where(s => s.Value.Head is not null)
        .ToImmutableSortedDictionary(s => s.Key, s => s.Value.Head!.Ref, StringComparer.Ordinal);

    /// <summary>What must be known before this site may say that it is up to date: per site the newest document that anybody has seen.</summary>
    public ImmutableSortedDictionary<string, DocumentRef> Floors
    {
        get
        {
            var floors = Heads.ToBuilder();
            foreach (var (site, seen) in Sites.Values.Select(s => s.Head).OfType<AdmittedDocument>().SelectMany(d => d.Manifest.Seen))
            {
                if (!floors.TryGetValue(site, out var known) || (seen.Epoch, seen.Seq).CompareTo((known.Epoch, known.Seq)) > 0)
                {
                    floors[site] = seen;
                }
            }

            return floors.ToImmutable();
        }
    }

    /// <summary>Sites of which somebody has seen a newer document than this site has.</summary>
    public IEnumerable<string> Behind
    {
        get
        {
            var heads = Heads;
            return Floors.Where(f => !heads.TryGetValue(f.Key, out var head) || (head.Epoch, head.Seq).CompareTo((f.Value.Epoch, f.Value.Seq)) < 0).Select(f => f.Key);
        }
    }

    /// <summary>Documents that a keep-list of the trust document names and that are not here: to be fetched by their hash.</summary>
    public IEnumerable<(string Site, Sha256Digest Document)> Missing =>
        Trust.Current.Sites.Keys.SelectMany(site => Trust.Speakers.KeptOf(site)
            .Where(hash => !Sites.TryGetValue(site, out var record) || (record.Retained.All(d => d.Ref.Sha256 != hash) && !record.Covered.Contains(hash)))
            .Select(hash => (site, hash)));

    /// <summary>Documents that wait and are handed on all the same: signed by whom they name, and not to be read by this version. Others may.</summary>
    public IEnumerable<PendingDocument> PassedOn => Pending.Where(p => p.Reason is PendingReason.NeedsNewerVersion);

    /// <summary>The state under another trust document. A pure function of the documents and the chain, so that all sites that know both agree.</summary>
    public FleetCatalog WithTrust(TrustChain trust)
    {
        ArgumentNullException.ThrowIfNull(trust);
        var next = this with { Trust = trust };
        var sites = Sites.ToImmutableSortedDictionary(
            s => s.Key, s => s.Value.Under(trust.Speakers, trust.Current.Params.MaxRetained, next.QuotaOf(s.Key)), StringComparer.Ordinal);
        next = next with { Sites = sites };
        if (sites.All(s => s.Value.Retained.SequenceEqual(Sites[s.Key].Retained)))
        {
            return next;
        }

        // A clock from the future that is set aside pushes nobody's stamps any more.
        var setAside = sites.Values.Any(s => s.Retained.Concat(s.SetAside).Any(d => d.SetAsideAbove is not null));
        return next with { View = next.Joined(), Clock = setAside ? next.ClockUpTo(long.MaxValue) : Clock };
    }

    /// <summary>The highest clock of the documents that count that is not later than these milliseconds; of one that is, the last stamp in it that is not.</summary>
    public HybridTime ClockUpTo(long ms) => Clock.Ms <= ms && ms != long.MaxValue
        ? Clock
        : Sites.Values.SelectMany(s => s.Retained).Select(d => d.Clock.Ms <= ms ? d.Clock : d.Counted.Select(c => c.ClockUpTo(ms)).DefaultIfEmpty().Max()).DefaultIfEmpty().Max();

    /// <summary>Images that are in no list because what put them there is set aside: who signed it, and when. They can be added again.</summary>
    public IEnumerable<ImageEntry> SetAside => Sites.Values.SelectMany(s => s.Retained.Concat(s.SetAside)).SelectMany(d => d.SetAside).Select(e => e.Entry).OfType<ImageEntry>()
        .Where(e => !e.Deleted && !View.Images.ContainsKey(e.Image)).OrderByDescending(e => e.Stamp).DistinctBy(e => e.Image);

    /// <summary>The view that the retained documents give by themselves; always equal to <see cref="View"/>.</summary>
    public CatalogView Joined() => CatalogView.Empty.With(
        Sites.Values.SelectMany(s => s.Retained).SelectMany(d => d.Counted).DistinctBy(c => c.Sha256).SelectMany(c => c.Entries));

    /// <summary>Offers a document.</summary>
    /// <param name="envelope">As it came; kept, not copied.</param>
    /// <param name="chunks">Bytes of chunks by their SHA-256, as far as they are at hand; those that the state holds need not be given.</param>
    /// <param name="reference">See <see cref="ReferenceClock"/>.</param>
    public Admission Admit(ReadOnlyMemory<byte> envelope, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> chunks, DateTimeOffset reference) =>
        new DocumentOffer(this, envelope, chunks, reference).Decide();

    /// <summary>Tries every pending document again.</summary>
    public (FleetCatalog Catalog, IReadOnlyList<Admission> Outcomes) Retry(DateTimeOffset reference)
    {
        var (catalog, outcomes) = (this, new List<Admission>());
        foreach (var pending in Pending)
        {
            var outcome = catalog.Admit(pending.Envelope, pending.Chunks, reference);

            // One that waited for its time was never asked for its chunks: it is forgotten, and comes again with them.
            var keeps = outcome is Admission.Pending { Reason: not PendingReason.MissingChunks } || (outcome is Admission.Pending && pending.Reason is PendingReason.MissingChunks);
            catalog = keeps ? outcome.Catalog : outcome.Catalog.WithoutPending(pending.Ref.Sha256);
            outcomes.Add(outcome);
        }

        return (catalog, outcomes);
    }

    /// <summary>Something of a site's words is set aside, and nothing of it that counts was signed knowing that.</summary>
    public bool MustSayAgain(string site) => Sites.GetValueOrDefault(site) is { } record
        && Trust.Current.Sites.GetValueOrDefault(site)?.ClockRepairs is { } repairs
        && record.Retained.Concat(record.SetAside).Any(d => d.SetAside.Any())
        && record.Retained.All(d => d.Manifest.Trust.Version < repairs.Max(r => r.Before));

    /// <summary>
    /// What the site then says again itself, to be stamped anew: recalls, and what took the place of something earlier. Only what was new stays set aside.
    /// </summary>
    public IEnumerable<Entry> SaidAgain(string site) => !MustSayAgain(site)
        ? []
        : Sites[site].Retained.Concat(Sites[site].SetAside).SelectMany(d => d.SetAside).GroupBy(e => e.Key).Select(g => g.Max(StatedEntry.Order)!.Entry)
            .Where(e => e is BlockEntry || e.Deleted || e.Obs is not null);

    /// <summary>What documents of that site are weighed by here; null for nothing. A site goes on with what it once signed itself, so that a program that knows the quota can
    /// take over from one that did not.</summary>
    internal SiteQuota? QuotaOf(string site) => site == Self ? null : Trust.Current.Params.Quota;

    internal FleetCatalog WithPending(PendingDocument document)
    {
        var others = Pending.Where(p => p.Ref.Sha256 != document.Ref.Sha256).ToList();
        var ofSite = others.Where(p => p.Site == document.Site).Append(document).OrderByDescending(p => p.Ref).Take(MaxPending);
        return this with { Pending = [.. others.Where(p => p.Site != document.Site).Take(MaxPendingInAll), .. ofSite.Reverse()] };
    }

    internal FleetCatalog WithoutPending(params IEnumerable<Sha256Digest> documents)
    {
        var gone = documents.ToHashSet();
        return Pending.Any(p => gone.Contains(p.Ref.Sha256)) ? this with { Pending = Pending.RemoveAll(p => gone.Contains(p.Ref.Sha256)) } : this;
    }
}
