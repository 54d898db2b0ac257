using System.Collections.Immutable;
using System.Security.Cryptography;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Documents;

/// <summary>
/// The signed documents of the whole fleet: this site's own, which it writes, and those of the others, which it keeps and passes on byte for byte. They are the
/// truth about what is in the catalog. Called under the ledger's lock; not thread-safe but for <see cref="Snapshot"/> and <see cref="Clocks"/>.
/// </summary>
internal sealed class FleetDocuments(
    string site, SiteFolders folders, SigningKey key, DocumentDisk disk, EventLog events, SiteAlarms alarms, TimeProvider time, ILogger<FleetDocuments> log)
{
    /// <summary>A document is signed anew so often, so that others see that the site is alive; it ends after the fleet's catalog time, a week by default.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromHours(1);

    private static readonly TimeSpan CollectEvery = TimeSpan.FromMinutes(5);

    private readonly DocumentFiles _files = new(folders, disk);
    private readonly FleetStatements _statements = new(site, folders, disk, time);
    private TrustStore _trust = null!;
    private FleetCatalog _catalog = null!;
    private SiteWriter? _writer;
    private OwnHistory _own = null!;
    private long _epoch;
    private DateTimeOffset _signed;
    private long _collected = time.GetTimestamp();
    private volatile FleetSnapshot _snapshot = null!;

    public FleetClocks Clocks { get; } = new(time);

    /// <summary>The newest state, for whoever hands it on. Thread-safe.</summary>
    public FleetSnapshot Snapshot => _snapshot;

    public CatalogView View => _catalog.View;

    public FleetCatalog Catalog => _catalog;

    /// <summary>The highest epoch that this site has begun to write in.</summary>
    public long Epoch => _epoch;

    /// <summary>Nothing is signed before the others were asked what this site said before: see <see cref="LetSign"/>.</summary>
    public bool MaySign { get; private set; }

    /// <summary>The others have answered, or there was time enough for it.</summary>
    public void LetSign()
    {
        // One that was begun before anybody answered knows nothing of what they said.
        (MaySign, _writer) = (true, null);
    }

    /// <param name="storedEpoch">The highest epoch that the database remembers; 0 if none.</param>
    /// <param name="storedClock">The highest clock of any document that was ever admitted, Unix milliseconds; 0 if none.</param>
    /// <param name="written">This site has signed a document, so one must be there.</param>
    /// <exception cref="SiteStartException">An own document, or the trust documents, cannot be used. A foreign one is dropped and fetched again.</exception>
    public CatalogView Load(long storedEpoch, long storedClock, bool written)
    {
        _epoch = storedEpoch;
        _trust = TrustStore.Load(folders, disk);
        try
        {
            // What once counted is not in the future because this machine's clock fell behind, and nobody else has been asked yet.
            var (now, before) = (time.GetUtcNow(), ClockRules.At(storedClock - _trust.Chain.Current.Params.MaxFutureMs));
            _catalog = new StoredDocuments(site, folders, _files, before > now ? before : now, events, log).Load(_trust.Chain, written);
            _statements.Load(_trust.Chain);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SiteStartException("catalog-unreadable", $"{folders.Catalog}: {e.Message} Make it readable for the user that runs the site.", e);
        }

        _own = new OwnHistory(site, OwnPast.Of(_catalog, site, storedEpoch, time.GetUtcNow()), alarms, time);
        _signed = _catalog.Sites.GetValueOrDefault(site)?.Head?.Manifest.Issued ?? DateTimeOffset.MinValue;
        TrustAlarms.Raise(alarms, _trust.Chain, site, key, folders);
        Show();
        return _catalog.View;
    }

    /// <summary>What is made of the clocks now. Thread-safe.</summary>
    public ClockReading Clock()
    {
        var known = Snapshot;
        return Clocks.Read(known.LastStamp, known.Floors, TimeSpan.FromMilliseconds(known.Trust.Current.Params.MaxFutureMs));
    }

    /// <summary>The stamp for new entries.</summary>
    /// <param name="registers">Those that they go into.</param>
    public Stamp NextStamp(params IEnumerable<RegisterKey> registers) => Writer().NextStamp(_catalog, Clock(), registers);

    /// <summary>Signs entries into the next document; nothing counts before <see cref="PreparedWrite.Commit"/>.</summary>
    /// <param name="always">See <see cref="SiteWriter.Write"/>.</param>
    /// <returns>Null when <paramref name="signed"/> can be written.</returns>
    public Refusal? Prepare(IReadOnlyList<Entry> entries, out PreparedWrite? signed, bool always = false)
    {
        signed = null;
        if (!MaySign)
        {
            return new Refusal(RefusalCode.NotReady, "The site has just started and still asks the others what it said before. Try again in a few seconds.");
        }

        var clock = Clock();
        switch (Writer().Write(_catalog, entries, key, clock, always))
        {
            case WriteOutcome.Refused { Violation: var violation }:
                return new Refusal(CodeOf(violation), violation.Message);
            case WriteOutcome.Written { Writer: var writer, Document: var document }:
                var admitted = _catalog.Admit(document.Envelope, document.ChunkBytes, clock.Reference) as Admission.Admitted
                    ?? throw new InvalidOperationException("A document that was just signed is not admitted.");
                signed = new PreparedWrite(admitted.Catalog.View, () => Commit(writer, document, admitted.Catalog));
                return null;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Makes <see cref="Epoch"/> the one that the next document is written in.</summary>
    public void BeginEpoch() => Writer();

    /// <summary>Takes a document of any site, if it counts and all of it is here.</summary>
    /// <param name="asked">The payload hash that it was asked for by.</param>
    /// <param name="chunks">Those that are not here yet, as far as they were fetched.</param>
    /// <param name="peer">Who handed it on.</param>
    public AdmitReport Admit(Sha256Digest asked, byte[] envelope, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> chunks, string peer)
    {
        if (!Envelope.TryRead(envelope, FleetCatalog.MaxEnvelope, SiteManifest.PayloadType, SiteManifest.MaxPayload, out var read, out var violation))
        {
            return new AdmitReport(Violation: violation);
        }

        if (new Sha256Digest(SHA256.HashData(read.Payload)) != asked)
        {
            return new AdmitReport(Violation: new RuleViolation("garbage", $"The document {asked} was asked for, and another one came."));
        }

        switch (_catalog.Admit(envelope, chunks, Clock().Reference))
        {
            case Admission.Pending { Reason: PendingReason.NeedsNewerVersion { Chunks: var all } } when _files.Lacking(all, chunks) is { Count: > 0 } missing:
                return new AdmitReport { MissingChunks = missing };
            case Admission.Admitted admitted:
                _files.Keep(admitted.Document.Site, asked, envelope, admitted.Document.Chunks.Select(c => KeyValuePair.Create(c.Sha256, c.Bytes)));
                _catalog = admitted.Catalog;
                Seen(admitted, peer);
                Show();
                return new AdmitReport(Changed: true);
            case Admission.Pending { Reason: PendingReason.MissingChunks { Chunks: var missing } }:
                return new AdmitReport { MissingChunks = missing };
            case Admission.Pending pending:
                _files.Keep(pending.Document.Site, asked, envelope, pending.Document.Chunks);
                _catalog = pending.Catalog;
                Show();
                return new AdmitReport(Pending: true);
            case Admission.Refused refused:
                _catalog = refused.Catalog;
                return new AdmitReport(Violation: refused.Violation);
            case var known:
                _catalog = known.Catalog;
                return new AdmitReport();
        }
    }

    /// <summary>Signs what this site has and shows.</summary>
    public void SignHoldings(HeldStore store, IReadOnlyList<HeldSurface> surfaces, IReadOnlyList<HeldImage> images, IReadOnlyList<DisputeFinding> disputed)
    {
        var writer = Writer();
        _statements.SignHoldings(
            new Holdings
            {
                Fleet = _trust.Chain.Fleet,
                Site = site,
                Epoch = writer.Epoch,
                Seq = _statements.NextSeq(writer.Epoch),
                BootId = writer.BootId,
                Issued = time.GetUtcNow(),
                Trust = _trust.Chain.Newest.Ref,
                Catalog = _catalog.Heads,
                Store = store,
                Surfaces = surfaces,
                Images = images,
                Disputed = disputed,
            },
            key);
        Show();
    }

    /// <summary>Takes what a site says that it holds, if it is newer than what it said before. Of its own this site learns how far it counted.</summary>
    /// <param name="peer">Who handed it on.</param>
    public AdmitReport AdmitHoldings(string from, byte[] envelope, string peer)
    {
        if (from != site)
        {
            return Shown(_statements.AdmitHoldings(_trust.Chain, from, envelope));
        }

        if (FleetStatements.HoldingsOf(_trust.Chain, site, envelope, null, out var violation) is not { Holdings: var own })
        {
            return new AdmitReport(Violation: violation);
        }

        _own.Weigh(own, _writer, peer);
        return new AdmitReport();
    }

    /// <summary>Takes what a site says of its replicas, if it is newer than what it said before.</summary>
    /// <param name="peer">Who handed it on.</param>
    public AdmitReport AdmitMembers(string from, byte[] envelope, string peer)
    {
        var report = _statements.AdmitMembers(_trust.Chain, from, envelope);
        if (report.Changed && from == site && Members.TryOpen(envelope, _trust.Chain, out var own, out _))
        {
            _own.Weigh(own, peer);
        }

        return Shown(report);
    }

    /// <summary>Shows for as long as it stands that sites sign what this one found to be wrong.</summary>
    public void RaiseFalseClaims(IReadOnlyList<FalseClaim> claims) => alarms.Set(
        SiteAlarms.FalsePair,
        claims.Count switch
        {
            0 => null,
            1 => claims[0].Words,
            var more => $"{claims[0].Words} There are {more - 1} more, signed by {string.Join(", ", claims.Select(c => c.Signer).Distinct().Order(StringComparer.Ordinal))}.",
        });

    /// <summary>Takes the next trust document, if the roots of the one before have signed it; then everything is weighed anew.</summary>
    /// <param name="late">See <see cref="TrustStore.Admit"/>.</param>
    /// <exception cref="IOException">It had to be stored and could not be; nothing was changed.</exception>
    public AdmitReport AdmitTrust(ReadOnlySpan<byte> envelope, bool late)
    {
        var report = _trust.Admit(envelope, late);
        if (report.Changed)
        {
            var setAside = _catalog.SetAside.Select(e => e.Image).ToHashSet();
            _catalog = _catalog.WithTrust(_trust.Chain);
            _writer = _catalog.MustSayAgain(site) || _writer?.Epoch < _trust.Chain.Current.Sites.GetValueOrDefault(site)?.MinEpoch ? null : _writer;
            _statements.Follow(_trust.Chain);
            RetryPending();
            TrustAlarms.Raise(alarms, _trust.Chain, site, key, folders);
            events.Add("fleet", $"Trust version {_trust.Chain.Current.Version} is in force.");
            foreach (var gone in _catalog.SetAside.Where(e => !setAside.Contains(e.Image)))
            {
                events.Add("fleet", $"{gone.Value.FileName} is set aside: '{gone.Stamp.Site}' stamped it {ClockRules.At(gone.Stamp.Ms):yyyy-MM-dd HH:mm} UTC. It can be added again.", gone.Image);
            }

            Show();
        }

        return report;
    }

    /// <summary>The trust document set aside what this site stamped in the future, and the rest is not yet said without it.</summary>
    public bool MustRestate => MaySign && IsActive(site) && _catalog.MustSayAgain(site);

    /// <summary>Says again what counts of this site's own words, and with a stamp of today what of the rest no wrong clock takes back: see <see cref="FleetCatalog.SaidAgain"/>.</summary>
    /// <exception cref="IOException">It could not be written; it is tried again.</exception>
    public void Restate()
    {
        if (MustRestate && Prepare([.. _catalog.SaidAgain(site).Select(e => e with { Stamp = NextStamp(e.Key), Obs = null })], out var restated, always: true) is null
            && restated!.Commit() is { } unwritten)
        {
            throw new IOException(unwritten.InFull);
        }
    }

    public byte[]? ReadTrust(long version) => _trust.ReadVersion(version);

    /// <summary>Stores what could not be stored, and looks at what waits.</summary>
    public void CatchUp()
    {
        disk.CatchUp();
        if (RetryPending())
        {
            Show();
        }
    }

    /// <summary>Signs anew when it is time, and deletes what nobody names any more.</summary>
    /// <param name="republish">Somebody listens: the site shows that it is alive.</param>
    /// <exception cref="IOException">It could not be signed anew.</exception>
    public void Keep(bool republish)
    {
        Restate();
        if (republish && ((time.GetUtcNow() - _signed).Duration() >= Heartbeat || (_own.IsToRestate && Writer().Epoch > _own.Found)) && Prepare([], out var heartbeat) is null
            && heartbeat!.Commit() is { } unwritten)
        {
            throw new IOException(unwritten.InFull);
        }

        if (time.GetElapsedTime(_collected) >= CollectEvery)
        {
            _collected = time.GetTimestamp();
            _files.Collect(_catalog);
        }
    }

    private static string CodeOf(RuleViolation violation) => violation.Rule switch
    {
        Rules.WriteClock => RefusalCode.ClockImplausible,
        Rules.WriteRoom => RefusalCode.NoSpace,
        Rules.WriteEntry => RefusalCode.InvalidRequest,
        _ => RefusalCode.NotTrusted,
    };

    private SiteWriter Writer()
    {
        if (_writer is not null && _own.Ends(_writer))
        {
            _own.Outbid();
            _writer = null;
        }

        return _writer ??= Begin();
    }

    /// <summary>A new epoch for each start, above all that anybody has of this site: what was written before and forgotten, by a restored backup say, can never be
    /// written over.</summary>
    private SiteWriter Begin()
    {
        var writer = SiteWriter.Start(_catalog, site, RandomId.New(), Math.Max(_epoch, _own.Found), _catalog.Clock);
        _epoch = writer.Epoch;
        return writer;
    }

    private Refusal? Commit(SiteWriter writer, SignedDocument document, FleetCatalog catalog)
    {
        if (_files.TryWrite(site, document.Ref.Sha256, document.Envelope, document.ChunkBytes, out var takenBack) is { } failure)
        {
            // Whatever is on the disk now: its place in the count is used up. The next one begins an epoch of its own.
            _writer = null;
            return Unwritten(failure, takenBack);
        }

        _writer = writer;
        _catalog = catalog;
        _signed = document.Manifest.Issued;
        _own.Restated(writer.Epoch);
        Show();
        return null;
    }

    private Refusal Unwritten(Exception e, bool takenBack)
    {
        var full = DiskFault.IsFull(e);
        return new Refusal(
            full ? RefusalCode.NoSpace : RefusalCode.WriteError,
            (full ? $"There is no room for what would have been signed. {disk.Remedy}" : $"It could not be signed: {e.Message}")
            + (takenBack ? " Nothing was changed." : $" What it says may be in force after the next start: it could not be taken out of {folders.DocumentsOf(site)} again."));
    }

    private bool RetryPending()
    {
        if (_catalog.Pending.IsEmpty)
        {
            return false;
        }

        var (catalog, outcomes) = _catalog.Retry(Clock().Reference);
        if (outcomes.All(o => o is Admission.Pending) && catalog.Pending.Length == _catalog.Pending.Length)
        {
            return false;
        }

        // Their files are there since they came, but for chunks that were fetched with them and are kept in the document itself.
        foreach (var admitted in outcomes.OfType<Admission.Admitted>())
        {
            _files.Keep(
                admitted.Document.Site, admitted.Document.Ref.Sha256, admitted.Document.Envelope,
                admitted.Document.Chunks.Select(c => KeyValuePair.Create(c.Sha256, c.Bytes)));
            Seen(admitted, null);
        }

        _catalog = catalog;
        return true;
    }

    private bool IsActive(string id) => _trust.Chain.Current.Sites.GetValueOrDefault(id) is { Status: SiteStatus.Active };

    private void Seen(Admission.Admitted admitted, string? peer)
    {
        ForkAlarms.Raise(alarms, admitted.Forks, log);
        if (admitted.Document.Site == site && admitted.Document.Speaker.Kid == key.Public.KeyId)
        {
            _own.Weigh(admitted.Document, _writer, peer);
        }
    }

    private AdmitReport Shown(AdmitReport report)
    {
        if (report.Changed)
        {
            Show();
        }

        return report;
    }

    private void Show() => _snapshot = FleetSnapshot.Of(site, _epoch, _catalog, _statements, (_snapshot?.Version ?? 0) + 1);
}
