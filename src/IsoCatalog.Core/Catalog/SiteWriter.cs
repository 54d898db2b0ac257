using System.Collections.Immutable;
using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// What this site says next. Immutable and pure: an answer holds the writer that continues from it, the signed manifest and the chunks that are new. It counts only
/// once the caller has made them durable and offered them to its own <see cref="FleetCatalog"/>; a caller that fails goes on with the old writer.
/// </summary>
public sealed record SiteWriter
{
    /// <summary>Per cent of the room that only deletions and recalls may use, so that a full site can still take things away.</summary>
    public const int KeptForRemoval = 5;

    public required string Site { get; init; }

    public required RandomId BootId { get; init; }

    public required long Epoch { get; init; }

    /// <summary>Of the last document; 0 before the first of this epoch.</summary>
    public required long Seq { get; init; }

    /// <summary>The last document, of whatever epoch.</summary>
    public Sha256Digest? Last { get; init; }

    /// <summary>Never below any stamp that this site gave.</summary>
    public HybridTime Clock { get; init; }

    /// <summary>All that the site has said.</summary>
    public ImmutableSortedDictionary<int, CatalogChunk> Chunks { get; init; } = ImmutableSortedDictionary<int, CatalogChunk>.Empty;

    /// <summary>What of it stands in the last document of this epoch: all but what is from the future, or beyond the quota.</summary>
    public ImmutableSortedDictionary<int, CatalogChunk> Stated { get; init; } = ImmutableSortedDictionary<int, CatalogChunk>.Empty;

    /// <summary>A writer in a new epoch that restates all that the catalog knows of the site's own words, those included that the site itself forgot.</summary>
    /// <param name="storedEpoch">The highest epoch that this machine remembers; 0 if none.</param>
    /// <param name="storedClock">The highest clock that it remembers.</param>
    public static SiteWriter Start(FleetCatalog catalog, string site, RandomId bootId, long storedEpoch, HybridTime storedClock)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var record = catalog.Sites.GetValueOrDefault(site);
        var known = record?.Retained.Concat(record.SetAside).Select(d => d.Ref.Epoch).DefaultIfEmpty().Max() ?? 0;
        var least = catalog.Trust.Current.Sites.GetValueOrDefault(site)?.MinEpoch ?? 1;
        return new SiteWriter
        {
            Site = site,
            BootId = bootId,
            Epoch = Math.Max(Math.Max(storedEpoch, known) + 1, least),
            Seq = 0,
            Last = record?.Head?.Ref.Sha256,
            Clock = storedClock > catalog.Clock ? storedClock : catalog.Clock,
            Chunks = catalog.View.StatedBy(site).GroupBy(e => e.Key.Bucket).ToImmutableSortedDictionary(g => g.Key, g => CatalogChunk.Of(g.Key, g)),
        };
    }

    /// <summary>
    /// The stamp for new entries: above everything that this site has said or admitted, but for what is from the future, and above what stands in their registers.
    /// While the clock is doubted it has no say: the milliseconds are those of the last one.
    /// </summary>
    /// <param name="registers">Those that the entries go into.</param>
    public Stamp NextStamp(FleetCatalog catalog, ClockReading clock, params IEnumerable<RegisterKey> registers)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(clock);
        var last = registers.Select(r => catalog.View.Registers.GetValueOrDefault(r)).OfType<Register>().Select(r => HybridTime.Of(r.Winner.Stamp))
            .Append(LastOf(catalog, clock)).Max();
        return last != default ? Stamp.Next(last.For(Site), clock.Doubt is null ? clock.Now : DateTimeOffset.UnixEpoch, Site)
            : Stamp.Next(null, clock.Doubt is null ? clock.Now : catalog.Trust.Current.Issued, Site);
    }

    /// <summary>
    /// Signs the entries into the next document; with none, signs again what there is (the heartbeat). What is from the future and no new entry is later than is left out, so that
    /// the others need not hold back what is not: it stands in the document that has it, which counts here beside this one.
    /// </summary>
    /// <param name="entries">Stamped with <see cref="NextStamp"/>, or a first description with <see cref="Stamp.Weakest"/>; <see cref="Entry.Obs"/> is filled in here.</param>
    /// <param name="clock">What is made of the clocks now.</param>
    /// <param name="always">Removals, restores and recalls: no clock stops them, neither a doubted one nor the end of the trust document.</param>
    public WriteOutcome Write(FleetCatalog catalog, IReadOnlyList<Entry> entries, SigningKey key, ClockReading clock, bool always = false)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(clock);
        if (Objection(catalog, entries, key, clock, always) is { } objection)
        {
            return new WriteOutcome.Refused(objection);
        }

        List<StatedEntry> stated = [.. entries.Select(e => StatedEntry.Of(e.Obs is null ? e with { Obs = catalog.View.Registers.GetValueOrDefault(e.Key)?.Winner.Hash } : e))];
        foreach (var entry in stated)
        {
            if (EntryText.Check(entry) is { } violation)
            {
                return new WriteOutcome.Refused(new(Rules.WriteEntry, $"{entry.Key} cannot be signed. {violation}"));
            }
        }

        var chunks = Chunks;
        foreach (var bucket in stated.GroupBy(e => e.Key.Bucket))
        {
            var kept = chunks.TryGetValue(bucket.Key, out var before) ? before.Entries : [];
            chunks = chunks.SetItem(bucket.Key, CatalogChunk.Of(bucket.Key, kept.Concat(bucket).GroupBy(e => e.Key).Select(g => g.Max(StatedEntry.Order)!)));
        }

        return Shortage(catalog.Trust.Current.Params, chunks, stated) is { } shortage
            ? new WriteOutcome.Refused(shortage)
            : Signed(catalog, chunks, stated, key, clock);
    }

    private RuleViolation? Objection(FleetCatalog catalog, IReadOnlyList<Entry> entries, SigningKey key, ClockReading clock, bool always)
    {
        var trust = catalog.Trust.Current;
        if (entries.Count > 0 && !always && trust.IsExpired(clock.Now))
        {
            return new(
                Rules.WriteTrustExpired,
                $"The trust document expired at {trust.Expires:yyyy-MM-dd HH:mm} UTC. Nothing new is signed until the root keys sign the next one: isocatalog trust renew.");
        }

        if (catalog.Trust.Speakers.SignersOf(Site).All(k => k.KeyId != key.Public.KeyId))
        {
            return new(
                Rules.WriteKey, $"The key {key.Public.KeyId} is not a signing key of '{Site}' in trust version {trust.Version}; what it signs would be refused everywhere.");
        }

        if (clock.Doubt is not null && !always)
        {
            return new(Rules.WriteClock, clock.Doubt);
        }

        var last = Present(clock);
        return entries.FirstOrDefault(e => e.Stamp.Site != Site || (HybridTime.Of(e.Stamp) <= last && !IsWeakest(catalog, e))) is { } old
            ? new(Rules.WriteStamp, $"The entry {old.Key} is not stamped by '{Site}' above its last clock {last.Ms}.{last.N}.")
            : null;
    }

    /// <summary>A description that says nothing against anybody: there is none of the image yet.</summary>
    private static bool IsWeakest(FleetCatalog catalog, Entry entry) => entry is MetaEntry && entry.Stamp.IsWeakest() && !catalog.View.Registers.ContainsKey(entry.Key);

    /// <summary>The last stamp of anybody that is not from the future.</summary>
    private HybridTime LastOf(FleetCatalog catalog, ClockReading clock)
    {
        var (own, all) = (Present(clock), catalog.ClockUpTo(clock.Horizon.ToUnixTimeMilliseconds()));
        return own > all ? own : all;
    }

    /// <summary>The last stamp of this site that is not from the future.</summary>
    private HybridTime Present(ClockReading clock)
    {
        var horizon = clock.Horizon.ToUnixTimeMilliseconds();
        return Clock.Ms <= horizon ? Clock : Chunks.Values.Select(c => c.ClockUpTo(horizon)).Append(default).Max();
    }

    private RuleViolation? Shortage(TrustParams limits, ImmutableSortedDictionary<int, CatalogChunk> chunks, List<StatedEntry> stated)
    {
        var percent = stated.All(e => e.Entry is BlockEntry or { Deleted: true }) ? 100 : 100 - KeptForRemoval;
        var bytes = chunks.Values.Sum(c => (long)c.Bytes.Length);
        var entries = chunks.Values.Sum(c => (long)c.Entries.Length);
        return bytes > limits.MaxDocBytes * percent / 100 || entries > (long)limits.MaxEntries * percent / 100
            || stated.Any(e => chunks[e.Key.Bucket].Bytes.Length > CatalogChunk.MaxBytes / 100 * percent)
            ? new(
                Rules.WriteRoom,
                $"The catalog of '{Site}' is full: {entries} entries in {bytes} bytes; {limits.MaxEntries} and {limits.MaxDocBytes} are allowed, the last {KeptForRemoval} % for "
                + "deletions and recalls. Add from another site, or raise maxEntries and maxDocBytes in the trust document.")
            : limits.Quota is { } quota && QuotaRules.Shortage(chunks, stated, quota, percent) is { } excess
            ? new(
                Rules.WriteRoom,
                $"The quota of '{Site}' in the trust document is used up: there would be {excess}{(percent < 100 && quota.Entries is not null ? $" ({KeptForRemoval} % of entries are kept for deletions and recalls)" : "")}. "
                + "Remove what is not needed, add at another site, or let the root keys give more: isocatalog trust quota.")
            : null;
    }

    private WriteOutcome.Written Signed(
        FleetCatalog catalog, ImmutableSortedDictionary<int, CatalogChunk> chunks, List<StatedEntry> entries, SigningKey key, ClockReading clock)
    {
        var hlc = entries.Select(e => HybridTime.Of(e.Stamp)).Append(Present(clock)).Max();
        var last = hlc > Clock ? hlc : Clock;
        var stated = QuotaRules.Fitting(
            hlc == last ? chunks : chunks.Values.Select(c => c.UpTo(hlc)).OfType<CatalogChunk>().ToImmutableSortedDictionary(c => c.Bucket, c => c),
            catalog.Trust.Current.Params.Quota);
        var issued = clock.Doubt is null ? clock.Now : clock.Reference;
        var trust = catalog.Trust;
        var manifest = new SiteManifest
        {
            Fleet = trust.Fleet,
            Site = Site,
            Epoch = Epoch,
            Seq = Seq + 1,
            Prev = Last,
            BootId = BootId,
            Issued = issued,
            Expires = issued.AddSeconds(trust.Current.Params.CatalogTtlS),
            Hlc = hlc,
            Trust = trust.Newest.Ref,
            Seen = catalog.Heads.Remove(Site),
            Chunks = [.. stated.Values.Select(c => c.Ref)],
        };
        var payload = manifest.ToPayload();
        var hash = new Sha256Digest(SHA256.HashData(payload));
        var known = Stated.Values.Select(c => c.Sha256).ToHashSet();
        return new WriteOutcome.Written(
            this with { Seq = Seq + 1, Last = hash, Clock = last, Chunks = chunks, Stated = stated },
            new SignedDocument(
                new DocumentRef(Epoch, Seq + 1, hash),
                manifest,
                key.Sign(SiteManifest.PayloadType, payload).ToJson(),
                [.. stated.Values.Where(c => !known.Contains(c.Sha256))]));
    }
}

public abstract record WriteOutcome
{
    private WriteOutcome()
    {
    }

    /// <param name="Writer">Continues after this document.</param>
    public sealed record Written(SiteWriter Writer, SignedDocument Document) : WriteOutcome;

    public sealed record Refused(RuleViolation Violation) : WriteOutcome;
}

/// <param name="Envelope">To be stored and sent as it is.</param>
/// <param name="NewChunks">Those that the document before did not have; of the first in an epoch all.</param>
public sealed record SignedDocument(DocumentRef Ref, SiteManifest Manifest, byte[] Envelope, IReadOnlyList<CatalogChunk> NewChunks)
{
    /// <summary>As <see cref="FleetCatalog.Admit"/> takes them.</summary>
    public IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> ChunkBytes => NewChunks.ToDictionary(c => c.Sha256, c => c.Bytes);
}
