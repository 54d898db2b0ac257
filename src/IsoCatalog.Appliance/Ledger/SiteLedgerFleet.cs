using System.Collections.Immutable;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <content>What the site signs, and what it takes from the other sites of its fleet.</content>
internal sealed partial class SiteLedger
{
    private const string EpochFact = "epoch";
    private const string ClockFact = "clock";

    private long _savedEpoch;
    private long _savedClock;
    private bool _signed;
    private SiteView? _told;

    /// <summary>The signed documents, as they are handed on. A new one comes with a <see cref="Signal"/>.</summary>
    public FleetSnapshot Fleet => _documents.Snapshot;

    /// <summary>What time it is by most clocks of the fleet.</summary>
    public DateTimeOffset ReferenceTime => _documents.Clocks.Reference();

    /// <param name="offset">That site's clock minus ours.</param>
    public void RecordClock(string site, TimeSpan offset) => _documents.Clocks.Heard(site, offset);

    /// <inheritdoc cref="FleetDocuments.Admit"/>
    public AdmitReport AdmitDocument(Sha256Digest asked, byte[] envelope, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> chunks)
    {
        lock (_gate)
        {
            var report = _documents.Admit(asked, envelope, chunks);
            Follow_NeedsLock(report.Changed || report.Pending);
            return report;
        }
    }

    /// <inheritdoc cref="FleetDocuments.AdmitHoldings"/>
    public AdmitReport AdmitHoldings(string site, byte[] envelope)
    {
        lock (_gate)
        {
            var report = _documents.AdmitHoldings(site, envelope);
            Follow_NeedsLock(report.Changed);
            return report;
        }
    }

    /// <inheritdoc cref="FleetDocuments.AdmitMembers"/>
    public AdmitReport AdmitMembers(string site, byte[] envelope)
    {
        lock (_gate)
        {
            var report = _documents.AdmitMembers(site, envelope);
            Follow_NeedsLock(report.Changed);
            return report;
        }
    }

    /// <inheritdoc cref="FleetDocuments.AdmitTrust"/>
    public AdmitReport AdmitTrust(byte[] envelope)
    {
        lock (_gate)
        {
            var report = _documents.AdmitTrust(envelope);
            Follow_NeedsLock(report.Changed);
            return report;
        }
    }

    /// <summary>The envelope of a version of the trust document; null when it is not here.</summary>
    public byte[]? ReadTrust(long version)
    {
        lock (_gate)
        {
            return _documents.ReadTrust(version);
        }
    }

    /// <inheritdoc cref="FleetDocuments.Keep"/>
    public void KeepDocuments(bool republish)
    {
        lock (_gate)
        {
            var before = _documents.Snapshot;
            _documents.Keep(republish);
            SaveEpoch_NeedsLock();
            Follow_NeedsLock(_documents.Snapshot != before);
        }
    }

    private Refusal? Prepare_NeedsLock(IReadOnlyList<Entry> entries, out PreparedWrite? signed)
    {
        var outcome = _documents.Prepare(entries);
        signed = (outcome as Outcome<PreparedWrite>.Done)?.Value;
        return (outcome as Outcome<PreparedWrite>.Refused)?.Refusal;
    }

    private void Commit_NeedsLock(PreparedWrite? signed)
    {
        if (signed is not null)
        {
            SaveEpoch_NeedsLock();
            signed.Commit();
            NoteSigned_NeedsLock();
        }
    }

    /// <summary>So that a clock that falls behind does not take out of the catalog what is in it.</summary>
    private void SaveClock_NeedsLock()
    {
        if (_documents.Catalog.Clock.Ms is var clock && clock > _savedClock)
        {
            _database.SaveFact(ClockFact, clock.ToString(System.Globalization.CultureInfo.InvariantCulture));
            _savedClock = clock;
        }
    }

    /// <summary>From the first document on, none is a loss.</summary>
    private void NoteSigned_NeedsLock()
    {
        if (!_signed && !Facts.ContainsKey(SiteDatabase.CatalogSigned))
        {
            _database.SaveFact(SiteDatabase.CatalogSigned, "yes");
        }

        _signed = true;
    }

    /// <summary>Before anything is written in it: an epoch that was begun is never begun again, even if its documents are lost.</summary>
    private void SaveEpoch_NeedsLock()
    {
        if (_documents.Epoch != _savedEpoch)
        {
            _database.SaveFact(EpochFact, _documents.Epoch.ToString(System.Globalization.CultureInfo.InvariantCulture));
            _savedEpoch = _documents.Epoch;
        }
    }

    /// <summary>Signs what this site has and shows, if that is something else than what it last said.</summary>
    /// <param name="force">Sign it even if nothing changed, to show that the site is alive.</param>
    /// <returns>Whether something was signed.</returns>
    public bool SignHoldings(long freeBytes, long totalBytes, bool force)
    {
        lock (_gate)
        {
            var view = _view;
            if (!force && view == _told)
            {
                return false;
            }

            _told = view;
            var (surfaces, images) = (SiteHoldings.SurfacesOf(view), SiteHoldings.ImagesOf(view));
            var wrong = ImageClaims.FalseOf(view).ToList();
            var disputed = SiteHoldings.DisputedOf(wrong);
            _documents.RaiseFalseClaims(wrong);
            var said = _documents.Snapshot.Sites.GetValueOrDefault(Fleet.Site)?.Holdings?.Holdings;
            if (!force && said is not null && SiteHoldings.SaysTheSame(said, surfaces, images, disputed))
            {
                return false;
            }

            SaveEpoch_NeedsLock();
            _documents.SignHoldings(new HeldStore(freeBytes, totalBytes), surfaces, images, disputed);
            SaveEpoch_NeedsLock();
            Show_NeedsLock(view);
            _told = _view;
            return true;
        }
    }

    /// <summary>Lets the site see the fleet as its documents have it now. What other sites took away is withdrawn at once.</summary>
    private void Follow_NeedsLock(bool changed)
    {
        if (!changed)
        {
            return;
        }

        var (view, now) = (_view, _time.GetUtcNow());
        var next = view with { Others = OthersNow(view.Others, now) };
        if (ReferenceEquals(view.Signed, _documents.View))
        {
            Show_NeedsLock(next);
            return;
        }

        next = next.WithCatalog(_documents.View, now, out var touched);
        var metadata = touched.Any(id => view.Catalog.Images.TryGetValue(id, out var before)
            && next.Catalog.Images.TryGetValue(id, out var after) && !after.LooksLike(before));
        var aliases = CatalogView.MovedAliases(view.Catalog, next.Catalog);

        // What happened stands before what follows from it, also for one who reads while it is being saved.
        foreach (var id in touched)
        {
            Tell(view.Catalog.Images.GetValueOrDefault(id), next.Catalog.Images.GetValueOrDefault(id), id, next);
        }

        Withdraw_NeedsLock(next, [.. touched.Union(aliases.SelectMany(a => TargetsOf(a, view.Catalog, next.Catalog)))], () => _database.InTransaction(() =>
        {
            foreach (var id in touched)
            {
                if (view.Offered.Contains(id) && !next.Offered.Contains(id))
                {
                    _database.SaveOffered(id, false);
                }
            }

            SaveCells(view, next, touched);
            SaveClock_NeedsLock();
        }), metadata || aliases.Count > 0);

        // A panel asks for the list when it hears of an alias, and must find it there.
        foreach (var alias in aliases)
        {
            Tell(alias, next);
        }
    }

    /// <summary>The other active sites. One that was never heard of is waited for from the moment that it was first known.</summary>
    private ImmutableDictionary<string, OtherSite> OthersNow(ImmutableDictionary<string, OtherSite> before, DateTimeOffset now)
    {
        var fleet = _documents.Snapshot;
        return fleet.ActiveSites.Keys.Where(s => s != fleet.Site).ToImmutableDictionary(
            s => s,
            s => fleet.Sites.GetValueOrDefault(s)?.Holdings is { } said
                ? before.TryGetValue(s, out var known) && known.Said == said.Sha256 ? known : Read(said, now)
                : before.GetValueOrDefault(s) ?? new OtherSite(s, now),
            StringComparer.Ordinal);
    }

    /// <summary>A statement may have come by a detour, or have lain here since before the start: it is as old as its site says, never younger.</summary>
    private OtherSite Read(Statement said, DateTimeOffset now)
    {
        if (said.At is not { } came)
        {
            // Where the bytes are is worth knowing all the same.
            var old = SiteHoldings.Read(said.Holdings, now);
            return new OtherSite(old.Site, now) { Said = said.Sha256, Stored = old.Stored, Offered = old.Offered };
        }

        var issued = said.Holdings.Issued - _documents.Clocks.OffsetOf(said.Holdings.Site);
        return SiteHoldings.Read(said.Holdings, issued < came ? issued : came) with { Said = said.Sha256 };
    }

    private void Tell(CatalogImage? before, CatalogImage? after, ImageId id, SiteView view)
    {
        var name = (after ?? before)!.FileName;
        var what = (before?.IsVisible ?? false, after?.IsVisible ?? false) switch
        {
            (true, false) when after is { Blocked: true } => $"{name} recalled at {SiteOfRecall(id, view)}{(after.BlockedWhy is { Length: > 0 } why ? ": " + why : "")}",
            (false, true) when before is { Blocked: true, Deleted: false } => $"the recall of {name} was taken back at {SiteOfRecall(id, view)}",
            (false, true) => $"{name} added at {after!.Stamp.Site}",
            (true, false) => $"{name} removed at {after?.Stamp.Site ?? "a site that does not count any more"}",
            (true, true) when !after!.LooksLike(before!) => $"{name} described anew at another site",
            _ => null,
        };
        if (what is not null)
        {
            _events.Add("image", what, id, code: after is { Blocked: true } ? ReasonCode.Blocked : null);
        }
    }

    private static string? SiteOfRecall(ImageId id, SiteView view) => view.Catalog.Registers.GetValueOrDefault(RegisterKey.OfBlock(id))?.Winner.Stamp.Site;
}
