using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Storage;

/// <content>What the site signs, and what it takes from the other sites of its fleet.</content>
internal sealed partial class SiteLedger
{
    private const string EpochFact = "epoch";

    private long _savedEpoch;

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
        }
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

    /// <summary>Lets the site see the catalog as the documents have it now. What other sites took away is withdrawn at once.</summary>
    private void Follow_NeedsLock(bool changed)
    {
        var (view, catalog) = (_view, _documents.View);
        if (ReferenceEquals(view.Catalog, catalog))
        {
            if (changed)
            {
                Show_NeedsLock(view);
            }

            return;
        }

        ImageId[] touched =
        [
            .. catalog.Images.Where(i => !ReferenceEquals(view.Catalog.Images.GetValueOrDefault(i.Key), i.Value)).Select(i => i.Key),
            .. view.Catalog.Images.Keys.Where(i => !catalog.Images.ContainsKey(i)),
        ];
        var now = _time.GetUtcNow();
        var next = view with { Catalog = catalog };
        foreach (var id in touched)
        {
            next = Withdrawn(next, id, now);
        }

        var metadata = touched.Any(id => view.Catalog.Images.TryGetValue(id, out var before)
            && catalog.Images.TryGetValue(id, out var after) && !after.LooksLike(before));
        Withdraw_NeedsLock(next, touched, () => _database.InTransaction(() =>
        {
            foreach (var id in touched)
            {
                if (view.Offered.Contains(id) && !next.Offered.Contains(id))
                {
                    _database.SaveOffered(id, false);
                }

                SaveCells(view, next, id);
            }
        }), metadata);
        foreach (var id in touched)
        {
            Tell(view.Catalog.Images.GetValueOrDefault(id), catalog.Images.GetValueOrDefault(id), id);
        }
    }

    private static SiteView Withdrawn(SiteView view, ImageId id, DateTimeOffset now)
    {
        var (code, reason) = view.Catalog.Images.GetValueOrDefault(id) switch
        {
            null => (ReasonCode.Removed, "The site that added the image does not count any more."),
            { Blocked: true } blocked => (ReasonCode.Blocked, $"The image was recalled{(blocked.BlockedWhy is null ? "." : $": {blocked.BlockedWhy}")}"),
            { Deleted: true } => (ReasonCode.Removed, "The image was removed."),
            { Meta.Hidden: true } => (ReasonCode.Hidden, "The image is hidden."),
            _ => (null, ""),
        };
        return code is null ? view
            : (code == ReasonCode.Hidden ? view : view with { Offered = view.Offered.Remove(id) }).WithdrawnEverywhere(id, CellState.Withdrawn, code, reason, now);
    }

    private void Tell(CatalogImage? before, CatalogImage? after, ImageId id)
    {
        var name = (after ?? before)!.FileName;
        var what = (before?.IsVisible ?? false, after?.IsVisible ?? false) switch
        {
            (false, true) => $"{name} added at {after!.Stamp.Site}",
            (true, false) => $"{name} removed at {after?.Stamp.Site ?? "a site that does not count any more"}",
            (true, true) when !after!.LooksLike(before!) => $"{name} described anew at another site",
            _ => null,
        };
        if (what is not null)
        {
            _events.Add("image", what, id);
        }
    }
}
