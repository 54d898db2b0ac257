using System.Collections.Immutable;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>What is kept of one site. Immutable.</summary>
public sealed record SiteRecord
{
    /// <summary>Places in a site's count that are remembered, to notice a second document in one.</summary>
    private const int MaxHistory = 256;

    /// <summary>The documents that count and that no newer ones of the site cover, newest first. The first is the head. Together they say all that
    /// the site ever said.</summary>
    public ImmutableArray<AdmittedDocument> Retained { get; init; } = [];

    /// <summary>Documents that were admitted and do not count under the present trust document, or of which something is set aside; kept, because the next one may count
    /// them again, and so that what is set aside can be told.</summary>
    public ImmutableArray<AdmittedDocument> SetAside { get; init; } = [];

    /// <summary>More documents stand side by side than the trust document allows: a flood. No more of them are admitted until an operator has decided.</summary>
    public bool Flooded { get; init; }

    internal ImmutableSortedDictionary<(long Epoch, long Seq), (Sha256Digest Document, string Kid)> History { get; init; } =
        ImmutableSortedDictionary<(long, long), (Sha256Digest, string)>.Empty;

    /// <summary>The newest document; null while none counts.</summary>
    public AdmittedDocument? Head => Retained.Length == 0 ? null : Retained[0];

    /// <summary>Documents that a keep-list names and that were weighed under the present trust document and found to be covered: not missing, though not retained.</summary>
    internal ImmutableHashSet<Sha256Digest> Covered { get; init; } = [];

    internal SiteRecord With(AdmittedDocument document, SpeakerIndex speakers)
    {
        var history = History.SetItem((document.Ref.Epoch, document.Ref.Seq), (document.Ref.Sha256, document.Speaker.Kid));
        var retained = Uncovered(Retained.Add(document));
        return this with
        {
            Retained = retained,
            SetAside = [.. SetAside, .. Retained.Add(document).Where(d => d.SetAside.Any() && retained.All(r => r.Ref != d.Ref) && SetAside.All(s => s.Ref != d.Ref))],
            Covered = Covered.Union(CoveredOf(Retained.Add(document), retained, speakers)),
            History = history.Count > MaxHistory ? history.Remove(history.Keys.First()) : history,
        };
    }

    /// <summary>Weighs every document that is kept anew.</summary>
    internal SiteRecord Under(SpeakerIndex speakers, int maxSetAside, SiteQuota? quota)
    {
        var all = Retained.Concat(SetAside).Select(d => d.Under(speakers)).ToList();
        var counting = all.Where(d => speakers.Objection(d.Speaker, d.Ref) is null && QuotaRules.Check(d.Manifest, d.Chunks, quota) is null).ToList();
        var retained = Uncovered(counting);
        return this with
        {
            Retained = retained,
            Covered = [.. CoveredOf(counting, retained, speakers)],
            SetAside = [.. all.Except(counting).Concat(counting.Except(retained).Where(d => d.SetAside.Any())).OrderByDescending(d => d.Ref).Take(maxSetAside)],
            Flooded = false,
        };
    }

    /// <summary>A site that was made anew counts anew, with another key: only what one key signed can be two histories.</summary>
    internal IEnumerable<ForkEvidence> ForksOf(SiteManifest manifest, DocumentRef document, Speaker speaker)
    {
        if (History.TryGetValue((document.Epoch, document.Seq), out var other) && other.Kid == speaker.Kid && other.Document != document.Sha256)
        {
            yield return new(manifest.Site, ForkEvidence.SameSeq, document.Epoch, document.Seq, other.Document, document.Sha256);
        }

        if (document.Seq > 1 && History.TryGetValue((document.Epoch, document.Seq - 1), out var before) && before.Kid == speaker.Kid && before.Document != manifest.Prev)
        {
            yield return new(manifest.Site, ForkEvidence.BrokenChain, document.Epoch, document.Seq, before.Document, document.Sha256);
        }
    }

    private static IEnumerable<Sha256Digest> CoveredOf(IReadOnlyList<AdmittedDocument> all, ImmutableArray<AdmittedDocument> retained, SpeakerIndex speakers) =>
        all.Count == retained.Length ? [] : all.Except(retained).Select(d => d.Ref.Sha256).Intersect(speakers.KeptOf(all[0].Site));

    private static ImmutableArray<AdmittedDocument> Uncovered(IEnumerable<AdmittedDocument> documents)
    {
        var retained = new List<AdmittedDocument>();
        foreach (var document in documents.OrderByDescending(d => d.Ref))
        {
            if (retained.Count == 0 || !document.IsCoveredBy(retained))
            {
                retained.Add(document);
            }
        }

        return [.. retained];
    }
}
