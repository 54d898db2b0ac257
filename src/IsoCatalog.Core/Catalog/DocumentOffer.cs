using System.Collections.Immutable;
using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>One document on its way in: verified first, read second, weighed last. The numbers are those of docs/catalog-format.md.</summary>
internal sealed class DocumentOffer(
    FleetCatalog catalog, ReadOnlyMemory<byte> envelopeJson, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> supplied, DateTimeOffset reference)
{
    private const int MaxForks = 64;

    private readonly TrustDocument _trust = catalog.Trust.Current;

    public Admission Decide()
    {
        if (!Envelope.TryRead(envelopeJson.Span, FleetCatalog.MaxEnvelope, SiteManifest.PayloadType, SiteManifest.MaxPayload, out var envelope, out var violation))
        {
            return Refused(violation);
        }

        var hash = new Sha256Digest(SHA256.HashData(envelope.Payload));
        if (catalog.Sites.Values.Any(s => s.Retained.Any(d => d.Ref.Sha256 == hash)))
        {
            return new Admission.Known(catalog);
        }

        var speaker = catalog.Trust.Speakers.WhoSigned(envelope, SiteManifest.PayloadType);
        if (!SignedJson.TryRead(envelope.Payload, FormatJson.Default.SiteManifest, Rules.ManifestForm, out var manifest, out violation)
            || (violation = ManifestRules.Check(manifest, _trust.Params)) is not null)
        {
            return Refused(violation, speaker);
        }

        var document = new DocumentRef(manifest.Epoch, manifest.Seq, hash);
        if (manifest.Fleet != _trust.Fleet)
        {
            return Refused(new(Rules.ManifestFleet, $"The document of '{manifest.Site}' belongs to the fleet {manifest.Fleet}; this is {_trust.Fleet}."), speaker);
        }

        // Nothing is known of the signer before its trust document is: the document waits, unread but for this.
        if (manifest.Trust.Version > _trust.Version)
        {
            return Pending(manifest, document, new PendingReason.UnknownTrust(manifest.Trust.Version));
        }

        if (speaker is null || speaker.Site != manifest.Site)
        {
            return Refused(new(
                Rules.ManifestKey,
                $"The document of '{manifest.Site}' is signed by {(speaker is null ? "a key that no site has" : $"the site '{speaker.Site}'")} under trust version {_trust.Version}."));
        }

        if (manifest.Critical.Count > 0)
        {
            return Pending(manifest, document, new PendingReason.NeedsNewerVersion(manifest.Critical, manifest.Chunks));
        }

        return (catalog.Trust.Speakers.Objection(speaker, document) ?? Withdrawn(manifest, document)) is { } objection ? Refused(objection)
            : QuotaRules.Check(manifest, catalog.QuotaOf(manifest.Site)) is { } excess ? Refused(excess, speaker)
            : IsAhead(manifest, out var notBefore) ? Pending(manifest, document, new PendingReason.Future(notBefore))
            : Weigh(manifest, document, speaker);
    }

    private RuleViolation? Withdrawn(SiteManifest manifest, DocumentRef document) =>
        catalog.Sites.TryGetValue(manifest.Site, out var record) && record.Head is { } head && head.Manifest.Voids.Contains(document.Sha256)
            ? new(Rules.ManifestVoided, $"Document {document.Epoch}/{document.Seq} of '{manifest.Site}' was taken back by its own site, whose clock had been wrong.")
            : null;

    private bool IsAhead(SiteManifest manifest, out DateTimeOffset notBefore)
    {
        var limit = reference.ToUnixTimeMilliseconds() + _trust.Params.MaxFutureMs;
        var clock = Math.Min(manifest.Hlc.Ms, catalog.Trust.Speakers.SetAsideAbove(manifest.Site, manifest.Trust.Version) ?? long.MaxValue);
        notBefore = ClockRules.At(clock - _trust.Params.MaxFutureMs);
        return clock > limit && manifest.Site != catalog.Self;
    }

    private Admission Weigh(SiteManifest manifest, DocumentRef document, Speaker speaker)
    {
        var record = catalog.Sites.GetValueOrDefault(manifest.Site) ?? new SiteRecord();
        var (chunks, missing, violation) = Gather(manifest, record);
        if (violation is not null)
        {
            return Refused(violation, speaker);
        }

        if (missing.Count > 0)
        {
            return Pending(manifest, document, new PendingReason.MissingChunks(missing));
        }

        if (QuotaRules.Check(manifest, chunks, catalog.QuotaOf(manifest.Site)) is { } excess)
        {
            return Refused(excess, speaker);
        }

        var admitted = new AdmittedDocument(manifest, document, speaker, envelopeJson, chunks).Under(catalog.Trust.Speakers);
        var next = record.With(admitted, catalog.Trust.Speakers);
        if (next.Retained.Length > _trust.Params.MaxRetained)
        {
            var flood = new RuleViolation(
                Rules.ManifestFlood,
                $"'{manifest.Site}' has more than {_trust.Params.MaxRetained} documents side by side. None is taken any more until an operator decides: isocatalog trust.");
            return Refused(flood, speaker) with { Catalog = catalog with { Sites = catalog.Sites.SetItem(manifest.Site, record with { Flooded = true }) } };
        }

        var forks = record.ForksOf(manifest, document, speaker).Where(f => !catalog.Forks.Any(f.IsSame)).ToList();
        var known = record.Retained.SelectMany(d => d.Counted).Select(c => c.Sha256).ToHashSet();
        var all = catalog.Forks.AddRange(forks);
        var state = catalog.WithoutPending([document.Sha256, .. manifest.Voids]) with
        {
            Sites = catalog.Sites.SetItem(manifest.Site, next),
            View = catalog.View.With(admitted.Counted.Where(c => !known.Contains(c.Sha256)).SelectMany(c => c.Entries)),
            Clock = admitted.Clock > catalog.Clock ? admitted.Clock : catalog.Clock,
            Forks = all.Length > MaxForks ? all.RemoveRange(0, all.Length - MaxForks) : all,
        };
        return next.Retained.Contains(admitted) || forks.Count > 0 ? new Admission.Admitted(state, admitted, forks) : new Admission.Known(state);
    }

    /// <summary>Each chunk from what is held, or from the bytes that came. Bytes that are not what their hash says are as good as missing: whoever sent them is to
    /// blame, not the site that signed.</summary>
    private (ImmutableArray<CatalogChunk> Chunks, List<ChunkRef> Missing, RuleViolation? Violation) Gather(SiteManifest manifest, SiteRecord record)
    {
        var held = record.Retained.Concat(record.SetAside).SelectMany(d => d.Chunks).DistinctBy(c => c.Sha256).ToDictionary(c => c.Sha256);
        var waiting = catalog.Pending.Where(p => p.Site == manifest.Site).Select(p => p.Chunks).ToList();
        var chunks = ImmutableArray.CreateBuilder<CatalogChunk>(manifest.Chunks.Count);
        var missing = new List<ChunkRef>();
        var read = Read(manifest, held, waiting);
        for (var i = 0; i < read.Length; i++)
        {
            var wanted = manifest.Chunks[i];
            if (read[i].Violation is { } violation)
            {
                return ([], [], violation);
            }

            if (read[i].Chunk is not { } chunk)
            {
                missing.Add(wanted);
                continue;
            }

            if (Mismatch(chunk, wanted, manifest) is { } mismatch)
            {
                return ([], [], mismatch);
            }

            chunks.Add(chunk);
        }

        return (missing.Count > 0 ? [] : chunks.DrainToImmutable(), missing, null);
    }

    /// <summary>Each chunk by itself, on all processors: a cold start reads a hundred thousand entries.</summary>
    private (CatalogChunk? Chunk, RuleViolation? Violation)[] Read(
        SiteManifest manifest, Dictionary<Sha256Digest, CatalogChunk> held, List<ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>>> waiting)
    {
        var read = new (CatalogChunk? Chunk, RuleViolation? Violation)[manifest.Chunks.Count];
        Parallel.For(0, read.Length, i =>
        {
            var wanted = manifest.Chunks[i];
            if (held.TryGetValue(wanted.Sha256, out var chunk))
            {
                read[i] = (chunk, null);
            }
            else if (Bytes(wanted, waiting) is { } bytes)
            {
                read[i] = CatalogChunk.TryRead(bytes, out chunk, out var violation) ? (chunk, null) : (null, violation);
            }
        });
        return read;
    }

    private ReadOnlyMemory<byte>? Bytes(ChunkRef wanted, List<ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>>> waiting)
    {
        foreach (var place in waiting.Prepend(supplied))
        {
            if (place.TryGetValue(wanted.Sha256, out var bytes) && bytes.Length == wanted.Size && new Sha256Digest(SHA256.HashData(bytes.Span)) == wanted.Sha256)
            {
                return bytes;
            }
        }

        return null;
    }

    private static RuleViolation? Mismatch(CatalogChunk chunk, ChunkRef wanted, SiteManifest manifest) =>
        chunk.Ref != wanted
            ? new(Rules.ManifestChunks, $"The chunk of bucket {wanted.Bucket} of '{manifest.Site}' is not as the document describes it ({chunk.Ref}).")
        : chunk.Site != manifest.Site
            ? new(Rules.ChunkSite, $"A chunk of '{manifest.Site}' has entries of '{chunk.Site}'. A site speaks for itself only.")
        : chunk.Newest > manifest.Hlc
            ? new(Rules.ChunkClock, $"A chunk of '{manifest.Site}' has an entry that is newer than the clock of the document.")
        : null;

    private Admission.Pending Pending(SiteManifest manifest, DocumentRef document, PendingReason reason)
    {
        var chunks = (catalog.Pending.FirstOrDefault(p => p.Ref.Sha256 == document.Sha256)?.Chunks ?? ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>>.Empty)
            .ToBuilder();
        if (reason is not PendingReason.UnknownTrust)
        {
            foreach (var wanted in manifest.Chunks)
            {
                if (Bytes(wanted, []) is { } bytes)
                {
                    chunks[wanted.Sha256] = bytes;
                }
            }
        }

        var pending = new PendingDocument(manifest.Site, document, envelopeJson, reason, chunks.ToImmutable());
        return new(catalog.WithPending(pending), pending);
    }

    private Admission.Refused Refused(RuleViolation violation, Speaker? signer = null) =>
        new(catalog, signer is not null && catalog.Trust.Speakers.IsPresent(signer) ? violation with { Signer = signer.Site } : violation);
}
