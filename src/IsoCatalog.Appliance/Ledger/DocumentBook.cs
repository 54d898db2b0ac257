using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>What the site takes from the other sites of its fleet, and what it says of itself. Thread-safe.</summary>
internal sealed class DocumentBook(SiteLedger ledger, FleetDocuments documents, SiteAlarms alarms, EventLog events)
{
    private readonly StandingAlarms _alarms = new(alarms, ledger.Facts);
    private readonly TaskCompletionSource _maySign = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _savedClock;
    private SiteView? _told;

    /// <inheritdoc cref="SiteLedger.Fleet"/>
    public FleetSnapshot Fleet => documents.Snapshot;

    /// <summary>Ends once this site may sign: the others have answered what it said before, or there was time enough for it. Never long after the start.</summary>
    public Task MaySign => _maySign.Task;

    /// <inheritdoc cref="FleetDocuments.LetSign"/>
    public void LetSign()
    {
        try
        {
            using var turn = ledger.Take();
            documents.LetSign();

            // Whoever has something to say looks again.
            turn.Make(new Change(turn.View));
        }
        finally
        {
            _maySign.TrySetResult();
        }
    }

    /// <summary>An operator has seen an alarm of <see cref="SiteAlarms.Acknowledged"/>.</summary>
    /// <returns>False when none of that code stands.</returns>
    public Outcome<bool> Acknowledge(string code)
    {
        using var turn = ledger.Take();
        if (_alarms.RowsWithout(code) is not { Count: > 0 } rows)
        {
            return false;
        }

        if (turn.Make(new Change(turn.View) { First = rows }) is { } failed)
        {
            return failed;
        }

        foreach (var alarm in alarms.Standing.Where(a => a.Code == code).ToList())
        {
            alarms.Set(code, null, alarm.Site);
        }

        turn.Make(new Change(turn.View) { After = _alarms.Rows() });
        return true;
    }

    /// <param name="offset">That site's clock minus ours.</param>
    public void RecordClock(string site, TimeSpan offset) => documents.Clocks.Heard(site, offset);

    /// <inheritdoc cref="FleetDocuments.Admit"/>
    public AdmitReport AdmitDocument(Sha256Digest asked, byte[] envelope, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> chunks, string peer)
    {
        using var turn = ledger.Take();
        var report = documents.Admit(asked, envelope, chunks, peer);
        Follow(turn, report.Changed || report.Pending);
        return report;
    }

    /// <inheritdoc cref="FleetDocuments.AdmitHoldings"/>
    public AdmitReport AdmitHoldings(string site, byte[] envelope, string peer)
    {
        using var turn = ledger.Take();
        var report = documents.AdmitHoldings(site, envelope, peer);
        Follow(turn, report.Changed);
        return report;
    }

    /// <inheritdoc cref="FleetDocuments.AdmitMembers"/>
    public AdmitReport AdmitMembers(string site, byte[] envelope, string peer)
    {
        using var turn = ledger.Take();
        var report = documents.AdmitMembers(site, envelope, peer);
        Follow(turn, report.Changed);
        return report;
    }

    /// <inheritdoc cref="FleetDocuments.AdmitTrust"/>
    public AdmitReport AdmitTrust(byte[] envelope, bool late)
    {
        using var turn = ledger.Take();
        var report = documents.AdmitTrust(envelope, late);
        Restate(turn);
        Follow(turn, report.Changed);
        return report;
    }

    /// <summary>Says again what counts of this site's own words, if the trust document has set some of them aside while the site did not run.</summary>
    public void Restate()
    {
        using var turn = ledger.Take();
        var before = documents.Snapshot;
        Restate(turn);
        Follow(turn, documents.Snapshot != before);
    }

    /// <summary>The envelope of a version of the trust document; null when it is not here.</summary>
    public byte[]? ReadTrust(long version)
    {
        using var turn = ledger.Take();
        return documents.ReadTrust(version);
    }

    /// <inheritdoc cref="FleetDocuments.Keep"/>
    /// <exception cref="IOException">The disk or the database could not be written.</exception>
    public void Keep(bool republish)
    {
        using var turn = ledger.Take();
        var before = documents.Snapshot;
        try
        {
            // What others say waits for nothing of this site's own.
            documents.CatchUp();
            republish &= documents.MaySign;
            if (republish || documents.MustRestate)
            {
                SaveEpoch(turn);
            }

            documents.Keep(republish);
        }
        finally
        {
            Follow(turn, documents.Snapshot != before);
        }
    }

    /// <summary>Signs what this site has and shows, if that is something else than what it last said.</summary>
    /// <param name="force">Sign it even if nothing changed, to show that the site is alive.</param>
    /// <returns>Whether something was signed.</returns>
    /// <exception cref="IOException">The disk or the database could not be written.</exception>
    public bool SignHoldings(long freeBytes, long totalBytes, bool force)
    {
        using var turn = ledger.Take();
        var view = turn.View;
        if (!force && view == _told)
        {
            return false;
        }

        _told = view;
        var (surfaces, images) = (SiteHoldings.SurfacesOf(view), SiteHoldings.ImagesOf(view));
        var wrong = ImageClaims.FalseOf(view).ToList();
        var disputed = SiteHoldings.DisputedOf(wrong);
        documents.RaiseFalseClaims(wrong);
        var said = documents.Snapshot.Sites.GetValueOrDefault(documents.Snapshot.Site)?.Holdings?.Holdings;
        if (!documents.MaySign || (!force && said is not null && said.Epoch == documents.Epoch && SiteHoldings.SaysTheSame(said, surfaces, images, disputed)))
        {
            return false;
        }

        SaveEpoch(turn);
        documents.SignHoldings(new HeldStore(freeBytes, totalBytes), surfaces, images, disputed);
        turn.Make(new Change(view));
        _told = turn.View;
        return true;
    }

    private void Restate(in Turn turn)
    {
        if (!documents.MustRestate)
        {
            return;
        }

        try
        {
            SaveEpoch(turn);
            documents.Restate();
        }
        catch (IOException)
        {
            // The trust document is in force all the same; Keep tries again.
        }
    }

    private void SaveEpoch(in Turn turn)
    {
        documents.BeginEpoch();
        if (turn.SaveEpoch() is { } failed)
        {
            throw new IOException(failed.InFull);
        }
    }

    /// <summary>Lets the site see the fleet as its documents have it now. What other sites took away is withdrawn at once.</summary>
    private void Follow(in Turn turn, bool changed)
    {
        var alarmed = _alarms.Rows();
        if (!changed && alarmed.Count == 0)
        {
            return;
        }

        var (view, now) = (turn.View, turn.Now);
        var next = view with { Others = OtherSites.Of(documents.Snapshot, documents.Clocks, documents.View, view.Others, now) };
        if (ReferenceEquals(view.Signed, documents.View))
        {
            turn.Make(new Change(next) { After = alarmed });
            return;
        }

        next = next.WithCatalog(documents.View, now, out var touched);
        var described = touched.Any(id => view.Catalog.Images.TryGetValue(id, out var before)
            && next.Catalog.Images.TryGetValue(id, out var after) && !after.LooksLike(before));
        var aliases = CatalogView.MovedAliases(view.Catalog, next.Catalog);

        // What happened stands before what follows from it, also for one who reads while it is being saved.
        foreach (var id in touched)
        {
            Tell(view.Catalog.Images.GetValueOrDefault(id), next.Catalog.Images.GetValueOrDefault(id), id, next);
        }

        turn.Make(new Change(next)
        {
            Touched = [.. touched.Union(aliases.SelectMany(a => AliasBook.TargetsOf(a, view.Catalog, next.Catalog)))],
            Described = described || aliases.Count > 0,
            After = [.. ClockRows(), .. alarmed],
        });

        // What the change itself raised.
        if (_alarms.Rows() is { Count: > 0 } raised)
        {
            turn.Make(new Change(turn.View) { After = raised });
        }

        // A panel asks for the list when it hears of an alias, and must find it there.
        foreach (var alias in aliases)
        {
            AliasBook.Tell(events, documents.Snapshot.Site, alias, next);
        }
    }

    /// <summary>So that a clock that falls behind does not take out of the catalog what is in it. One's own documents never wait for a clock.</summary>
    private IReadOnlyList<Row> ClockRows()
    {
        var clock = documents.Catalog.Sites.Where(s => s.Key != documents.Snapshot.Site).SelectMany(s => s.Value.Retained).Select(d => d.Clock.Ms).DefaultIfEmpty().Max();
        if (clock == _savedClock)
        {
            return [];
        }

        _savedClock = clock;
        return [new Row.Fact(StoredView.ClockFact, StoredView.Text(clock))];
    }

    private void Tell(CatalogImage? before, CatalogImage? after, ImageId id, SiteView view)
    {
        var name = (after ?? before)!.FileName;
        var what = (before?.IsVisible ?? false, after?.IsVisible ?? false) switch
        {
            (true, false) when after is { Blocked: true } => $"{name} recalled at {SiteOfRecall(id, view)}{(after.BlockedWhy is { Length: > 0 } why ? ": " + why : "")}",
            (false, true) when before is { Blocked: true, Deleted: false } => $"the recall of {name} was taken back at {SiteOfRecall(id, view)}",
            (false, true) => $"{name} added {Who(RegisterKey.OfImage(id), view)}",
            (true, false) => after is null ? $"{name} removed: the site that added it does not count any more" : $"{name} removed {Who(RegisterKey.OfImage(id), view)}",
            (true, true) when !after!.LooksLike(before!) => $"{name} described anew {Who(RegisterKey.OfMeta(id), view)}",
            _ => null,
        };
        if (what is not null)
        {
            events.Add("image", what, id, code: after is { Blocked: true } ? ReasonCode.Blocked : null);
        }
    }

    /// <summary>The site that signed it; the person is what that site says.</summary>
    private static string Who(RegisterKey register, SiteView view) => view.Signed.Registers.GetValueOrDefault(register)?.Winner.Entry is { } word
        ? $"by {word.By} at {word.Stamp.Site}{(word.Why is { Length: > 0 } why ? $": {why}" : "")}"
        : "at another site";

    private static string? SiteOfRecall(ImageId id, SiteView view) => view.Catalog.Registers.GetValueOrDefault(RegisterKey.OfBlock(id))?.Winner.Stamp.Site;
}
