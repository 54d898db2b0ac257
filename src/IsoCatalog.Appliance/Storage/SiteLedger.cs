using System.Collections.Immutable;
using System.Threading.Channels;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Storage;

/// <summary>
/// The one owner of what the site knows. Readers take <see cref="View"/>; every change goes through a method here, which checks it against the
/// newest view and records it, one after another. Thread-safe.
/// </summary>
/// <remarks>
/// L1 What takes an image out of the list is seen by readers first and recorded second. L2 What brings one in, or acknowledges anything, is durable
/// first and seen second. L3 Nothing is promoted, published, advertised, leased or retired on a view that is no longer the newest.
/// </remarks>
internal sealed partial class SiteLedger : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SiteDatabase _database;
    private readonly FleetDocuments _documents;
    private readonly EventLog _events;
    private readonly TimeProvider _time;
    private readonly ILogger<SiteLedger> _log;
    private readonly List<ChannelWriter<byte>> _signals = [];
    private volatile SiteView _view;

    /// <summary>Loads the signed documents and the database; cells of surfaces that are not configured any more are forgotten.</summary>
    public SiteLedger(
        SiteDatabase database,
        FleetDocuments documents,
        IEnumerable<SurfaceStatus> surfaces,
        EventLog events,
        TimeProvider time,
        ILogger<SiteLedger> log)
    {
        _database = database;
        _documents = documents;
        _events = events;
        _time = time;
        _log = log;
        Facts = database.LoadFacts();
        _view = Load(surfaces);
    }

    public SiteView View => _view;

    /// <summary>Small facts as they were at the start.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; }

    /// <summary>Gets a byte after each change; changes that nobody has read yet are one.</summary>
    public ChannelReader<byte> Signal()
    {
        var channel = Channel.CreateBounded<byte>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        lock (_gate)
        {
            _signals.Add(channel.Writer);
        }

        channel.Writer.TryWrite(0);
        return channel.Reader;
    }

    public void SaveFact(string name, string value)
    {
        lock (_gate)
        {
            _database.SaveFact(name, value);
        }
    }

    /// <summary>Puts a verified image, whose file lies in the store, into the catalog. Also how a lost copy of a known image comes back.</summary>
    public Outcome<CatalogImage> Put(ImageValue value, MetaValue? meta, Receipt receipt, string by)
    {
        var id = new ImageId(value.Sha256);
        lock (_gate)
        {
            var view = _view;
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            if (CatalogRules.MayAdd(view, id, value.FileName) is { } refused)
            {
                return refused;
            }

            var known = view.Catalog.Images.GetValueOrDefault(id);
            var stamp = _documents.NextStamp();
            var entries = new List<Entry>();
            // Another root for the same SHA-256 contradicts whoever signed the first: both were computed here, so that is said.
            if (known is null or { Deleted: true } || known.Value.Root != value.Root)
            {
                entries.Add(new ImageEntry(id, stamp, by, null, false, value));
            }

            if (meta is not null)
            {
                entries.Add(new MetaEntry(id, stamp, by, null, meta));
            }

            PreparedWrite? signed = null;
            if (entries.Count > 0 && Prepare_NeedsLock(entries, out signed) is { } unsigned)
            {
                return unsigned;
            }

            var file = new StoreFile.Present(receipt);
            var pair = new ComputedPair(id, value.Root, value.Size, _time.GetUtcNow());
            var next = view with { Store = view.Store.SetItem(id, file), Computed = view.Computed.With(pair) };
            next = next.WithCatalog(signed?.View ?? view.Signed, _time.GetUtcNow(), out var touched).WithoutQuarantine(id);
            Accept_NeedsLock(next, [id, .. touched], () =>
            {
                _database.InTransaction(() =>
                {
                    _database.SaveStoreFile(id, file);
                    _database.SaveComputed(pair);
                    SaveCells(view, next, [id, .. touched]);
                });
                Commit_NeedsLock(signed);
            });
            var image = next.Catalog.Images[id];
            _events.Add("image", known is { Deleted: false } ? $"{image.FileName}: the store's copy is whole again"
                : $"{image.FileName} added", id);
            return image;
        }
    }

    /// <summary>Runs <paramref name="work"/> with no other change in between. For a few file-system calls, no more.</summary>
    public void Exclusively(Action work)
    {
        lock (_gate)
        {
            work();
        }
    }

    /// <summary>Changes what people say about an image.</summary>
    public Outcome<CatalogImage> SetMeta(ImageId id, Func<MetaValue, MetaValue> change, string by)
    {
        lock (_gate)
        {
            var view = _view;
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            if (view.Catalog.Images.GetValueOrDefault(id) is not { Deleted: false } image)
            {
                return NotFound(id);
            }

            if (Prepare_NeedsLock([new MetaEntry(id, _documents.NextStamp(), by, null, change(image.Meta))], out var signed) is { } unsigned)
            {
                return unsigned;
            }

            var next = view.WithCatalog(signed!.View, _time.GetUtcNow(), out var touched);
            Accept_NeedsLock(
                next,
                [.. touched],
                () =>
                {
                    Commit_NeedsLock(signed);
                    _database.InTransaction(() => SaveCells(view, next, touched));
                },
                metadata: !next.Catalog.Images[id].LooksLike(image));
            _events.Add("image", $"{image.FileName} described anew", id);
            return next.Catalog.Images[id];
        }
    }

    /// <summary>Puts a tombstone. From now on the image is in no list; its file is retired once nobody holds it.</summary>
    public Outcome<CatalogImage> Delete(ImageId id, string by, string? why)
    {
        lock (_gate)
        {
            var view = _view;
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            if (view.Catalog.Images.GetValueOrDefault(id) is not { Deleted: false } image)
            {
                return NotFound(id);
            }

            if (image.Meta.Protected)
            {
                return new Refusal(
                    RefusalCode.Protected, $"{image.FileName} is protected. Take the protection off first (PATCH protected=false).", id);
            }

            if (Prepare_NeedsLock([new ImageEntry(id, _documents.NextStamp(), by, why, true, image.Value)], out var signed) is { } unsigned)
            {
                return unsigned;
            }

            var next = view.WithCatalog(signed!.View, _time.GetUtcNow(), out var touched);
            Accept_NeedsLock(next, [.. touched], () =>
            {
                // The signed tombstone is the acknowledgement; a crash before the database follows is mended when it is loaded.
                Commit_NeedsLock(signed);
                _database.InTransaction(() =>
                {
                    _database.SaveOffered(id, false);
                    SaveCells(view, next, touched);
                });
            });
            _events.Add("image", $"{image.FileName} removed", id);
            return next.Catalog.Images[id];
        }
    }

    /// <summary>Takes a tombstone back. The store moves the file in again, then the surfaces follow.</summary>
    public Outcome<CatalogImage> Restore(ImageId id, string by)
    {
        lock (_gate)
        {
            var view = _view;
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            if (view.Catalog.Images.GetValueOrDefault(id) is not { } image)
            {
                return NotFound(id);
            }

            if (!image.Deleted)
            {
                return image;
            }

            if (view.Store.GetValueOrDefault(id) is not (StoreFile.Retired or StoreFile.Present) && !view.Others.Values.Any(o => o.Holds(id)))
            {
                return new Refusal(
                    RefusalCode.NotRestorable,
                    $"The bytes of {image.FileName} are not kept any more. Add the file again: isocatalog add FILE.",
                    id);
            }

            if (CatalogRules.MayAdd(view, id, image.FileName) is { } refused)
            {
                return refused;
            }

            if (Prepare_NeedsLock([new ImageEntry(id, _documents.NextStamp(), by, null, false, image.Value)], out var signed) is { } unsigned)
            {
                return unsigned;
            }

            var next = view.WithCatalog(signed!.View, _time.GetUtcNow(), out var touched);
            Accept_NeedsLock(next, [.. touched], () => Commit_NeedsLock(signed));
            _events.Add("image", $"{image.FileName} restored", id);
            return next.Catalog.Images[id];
        }
    }

    /// <summary>Records what became of the site's own copy, and withdraws what hangs on it.</summary>
    public void SetStore(ImageId id, StoreFile? file)
    {
        lock (_gate)
        {
            var view = _view;
            var next = view with { Store = file is null ? view.Store.Remove(id) : view.Store.SetItem(id, file) };
            next = file switch
            {
                StoreFile.Doubted doubted => next.WithdrawnWhereShared(id, ReasonCode.StoreDamaged, doubted.Reason, doubted.Since),
                StoreFile.Lost lost => next.WithdrawnEverywhere(id, CellState.Quarantined, lost.Code, lost.Reason, lost.Since),
                StoreFile.Present => next.WithoutQuarantine(id),
                _ => next,
            };
            Action save = () => _database.InTransaction(() =>
            {
                _database.SaveStoreFile(id, file);
                SaveCells(view, next, id);
            });
            if (file is StoreFile.Doubted or StoreFile.Lost)
            {
                Withdraw_NeedsLock(next, [id], save);
                var (code, reason) = file is StoreFile.Lost gone ? (gone.Code, gone.Reason) : ("store-doubted", ((StoreFile.Doubted)file).Reason);
                _events.Add("drift", reason, id, code: code);
            }
            else
            {
                Accept_NeedsLock(next, [id], save);
            }
        }
    }

    /// <summary>Says how far the bytes of an image are on their way; of interest to readers only, so it is not recorded.</summary>
    /// <returns>False when the image is not to be fetched any more: it is here, or it was deleted or recalled.</returns>
    public bool ReportFetch(ImageId id, StoreFile.Fetching fetching)
    {
        lock (_gate)
        {
            var view = _view;
            if (!view.Catalog.Images.TryGetValue(id, out var image) || !image.IsVisible
                || view.Store.GetValueOrDefault(id) is not (null or StoreFile.Lost or StoreFile.Fetching))
            {
                return false;
            }

            if (view.Store.GetValueOrDefault(id) is not StoreFile.Lost)
            {
                Withdraw_NeedsLock(view with { Store = view.Store.SetItem(id, fetching) }, [], null);
            }

            return true;
        }
    }

    /// <summary>This site has computed the flat SHA-256 of bytes whose root it has verified. What was signed otherwise is withdrawn at once.</summary>
    public void RecordComputed(ComputedPair pair)
    {
        lock (_gate)
        {
            var view = _view;
            var next = view.WithComputed(pair, _time.GetUtcNow(), out var touched);
            Action save = () => _database.InTransaction(() =>
            {
                _database.SaveComputed(pair);
                foreach (var id in touched.Where(i => next.Store.GetValueOrDefault(i) != view.Store.GetValueOrDefault(i)))
                {
                    _database.SaveStoreFile(id, next.Store.GetValueOrDefault(id));
                }

                SaveCells(view, next, touched);
            });
            if (touched.Any(i => view.Surfaces.Any(s => view.IsAvailable(i, s) && !next.IsAvailable(i, s))))
            {
                Withdraw_NeedsLock(next, [.. touched], save, metadata: true);
            }
            else
            {
                Accept_NeedsLock(next, [.. touched], save, metadata: true);
            }
        }
    }

    /// <summary>Doubts the store's own copy, if it is still trusted and <paramref name="still"/> says so now that nothing can move it.</summary>
    public bool TryDoubtStore(ImageId id, Func<Receipt, bool> still, string reason)
    {
        lock (_gate)
        {
            if (_view.Store.GetValueOrDefault(id) is not StoreFile.Present { Receipt: var receipt } || !still(receipt))
            {
                return false;
            }

            SetStore(id, new StoreFile.Doubted(receipt, reason, _time.GetUtcNow()));
            return true;
        }
    }

    /// <summary>The inode's ctime moved because a name of it was made or taken away, or its device number with a mount: every receipt of it follows.</summary>
    public void Relink(ImageId id, Receipt receipt)
    {
        lock (_gate)
        {
            var view = _view;
            if (view.Store.GetValueOrDefault(id) is not StoreFile.Present { Receipt: var old })
            {
                return;
            }

            var file = new StoreFile.Present(receipt);
            var next = view.Surfaces.Select(s => new CellKey(id, s.Name)).Aggregate(
                view with { Store = view.Store.SetItem(id, file) },
                (v, key) => v.Cells.GetValueOrDefault(key) is { Receipt: { } held } cell && (held.Device, held.Inode) == (old.Device, old.Inode)
                    ? v with { Cells = v.Cells.SetItem(key, cell with { Receipt = receipt }) }
                    : v);
            Accept_NeedsLock(next, [id], () => _database.InTransaction(() =>
            {
                _database.SaveStoreFile(id, file);
                SaveCells(view, next, id);
            }));
        }
    }

    /// <summary>Moves the store's file by <paramref name="move"/> if the newest view still allows it, with no change in between.</summary>
    /// <returns>False when the view has changed its mind; then nothing was moved.</returns>
    public bool TryMoveStoreFile(ImageId id, Func<SiteView, bool> allowed, Func<StoreFile> move)
    {
        lock (_gate)
        {
            if (!allowed(_view))
            {
                return false;
            }

            SetStore(id, move());
            return true;
        }
    }

    /// <summary>Gives up a retired file for good, if the image is still deleted.</summary>
    public bool TryForgetRetired(ImageId id, Action delete)
    {
        lock (_gate)
        {
            if (_view.Store.GetValueOrDefault(id) is not StoreFile.Retired || _view.Catalog.Images.GetValueOrDefault(id) is not { Deleted: true } || _view.IsLeased(id))
            {
                return false;
            }

            delete();
            SetStore(id, null);
            return true;
        }
    }

    /// <summary>Records a step of a cell. For an advertised cell use <see cref="TryAdvertise"/>.</summary>
    /// <param name="key">Which cell.</param>
    /// <param name="change">Pure: the cell that follows from the newest view; the same object for no change, null to forget it.</param>
    /// <param name="save">Whether it outlives a restart.</param>
    /// <returns>False when nothing changed.</returns>
    public bool ChangeCell(CellKey key, Func<SiteView, Cell?> change, bool save = true)
    {
        lock (_gate)
        {
            var view = _view;
            var cell = change(view);
            if (cell == view.Cells.GetValueOrDefault(key))
            {
                return false;
            }

            var next = view with { Cells = cell is null ? view.Cells.Remove(key) : view.Cells.SetItem(key, cell) };
            Withdraw_NeedsLock(next, [key.Image], save ? () => _database.SaveCell(key, cell) : null);
            return true;
        }
    }

    /// <summary>Puts a published image into the list, if it is still wanted, still staged, and its bytes are in no doubt.</summary>
    public bool TryAdvertise(CellKey key, Receipt receipt, string fileName, bool together)
    {
        lock (_gate)
        {
            var view = _view;
            if (!view.IsWanted(key.Image) || view.Catalog.Images[key.Image].FileName != fileName
                || view.Store.GetValueOrDefault(key.Image) is not StoreFile.Present { Receipt: var stored }
                || view.Cells.GetValueOrDefault(key) is not { State: CellState.Staged }
                || !CellPlan.MayShow(view, key.Image, together, _time.GetUtcNow()))
            {
                return false;
            }

            // Of the store's own inode another surface may have made a name meanwhile: the ctime that counts is the store's.
            var cell = new Cell(
                CellState.Advertised,
                _time.GetUtcNow(),
                Receipt: FileIdentity.SameContent(receipt, stored) ? stored : receipt,
                FileName: fileName);
            var next = view with { Cells = view.Cells.SetItem(key, cell), Offered = view.Offered.Add(key.Image) };
            Accept_NeedsLock(next, [key.Image], () => _database.InTransaction(() =>
            {
                _database.SaveCell(key, cell);
                _database.SaveOffered(key.Image, true);
            }));
            return true;
        }
    }

    /// <summary>After a restart: the same published file, as stat shows it now.</summary>
    public void Recognise(CellKey key, Receipt receipt) => ChangeCell(
        key, view => view.Cells.GetValueOrDefault(key) is { State: CellState.Advertised } cell ? cell with { Receipt = receipt } : view.Cells.GetValueOrDefault(key));

    /// <summary>Takes an image out of the list of one surface at once, because something made its bytes there doubtful.</summary>
    /// <param name="seen">The cell as it was when the oddity was looked at; if it is another one by now, what was seen is no news about it.</param>
    public void Doubt(CellKey key, Cell seen, string code, string reason)
    {
        lock (_gate)
        {
            var view = _view;
            if (view.Cells.GetValueOrDefault(key) is not { State: CellState.Advertised } cell || cell != seen)
            {
                return;
            }

            var withdrawn = cell with { State = CellState.Withdrawn, Since = _time.GetUtcNow(), Code = code, Reason = reason };
            var next = view with { Cells = view.Cells.SetItem(key, withdrawn) };
            Withdraw_NeedsLock(next, [key.Image], () => _database.SaveCell(key, withdrawn));
            _events.Add("drift", reason, key.Image, key.Surface, code);
            Log.Doubted(_log, key.Image, key.Surface, code, reason);
        }
    }

    /// <summary>Says what is wrong with a surface as a whole; null when it works again. While it is wrong nothing is offered there.</summary>
    /// <param name="surface">By name.</param>
    /// <param name="code">One of <see cref="ReasonCode"/>.</param>
    /// <param name="problem">For people.</param>
    /// <param name="dataCenters">The parts that can be ready by themselves.</param>
    public void SetSurface(string surface, string? code, string? problem, IReadOnlyList<DataCenter> dataCenters)
    {
        lock (_gate)
        {
            var view = _view;
            var index = IndexOf(view, surface);
            var status = view.Surfaces[index];
            var sameParts = status.DataCenters.Length == dataCenters.Count && status.DataCenters.Zip(dataCenters).All(d => d.First.Is(d.Second));
            if (status.ProblemCode == code && status.Problem == problem && sameParts)
            {
                return;
            }

            var changed = status with
            {
                DataCenters = sameParts ? status.DataCenters : [.. dataCenters],
                ProblemCode = code,
                Problem = problem,
                ProblemSince = problem is null ? null : status.ProblemSince ?? _time.GetUtcNow(),
            };
            var next = view with { Surfaces = view.Surfaces.SetItem(index, changed) };
            Withdraw_NeedsLock(next, [.. view.Catalog.Images.Keys], null);
            if (problem is null && status.Problem is not null)
            {
                _events.Add("surface", $"{surface} works again", surface: surface);
            }
            else if (problem is not null && problem != status.Problem)
            {
                _events.Add("drift", problem, surface: surface, code: code);
                Log.SurfaceUnusable(_log, surface, problem);
            }
        }
    }

    /// <summary>The atomic check-and-hold: a lease exists only for an image that is in that surface's list at this moment.</summary>
    public Outcome<Lease> AddLease(Lease lease)
    {
        lock (_gate)
        {
            var view = _view;
            var surface = view.Surfaces.First(s => s.Name == lease.Surface);
            if (!view.Catalog.Images.ContainsKey(lease.Image))
            {
                return NotFound(lease.Image);
            }

            if (!view.IsAvailableToSome(lease.Image, surface))
            {
                var cell = view.CellOf(lease.Image, surface.Name);
                return new Refusal(
                    RefusalCode.NotReady,
                    $"The image is not available on {surface.Name}: {surface.Hindrance ?? cell?.Reason ?? view.WhyUnwanted(lease.Image) ?? "it is not published there yet."}",
                    lease.Image);
            }

            Accept_NeedsLock(view with { Leases = view.Leases.SetItem(lease.Id, lease) }, [], () => _database.SaveLease(lease));
            _events.Add("mount", $"leased to {lease.Client} on {lease.Surface}", lease.Image, lease.Surface);
            return lease;
        }
    }

    public Outcome<Lease> RenewLease(string id, DateTimeOffset expires)
    {
        lock (_gate)
        {
            if (_view.Leases.GetValueOrDefault(id) is not { } lease)
            {
                return new Refusal(RefusalCode.NotFound, $"There is no lease {id}; it was ended, or it ran out. Ask for a new one.");
            }

            if (_view.Catalog.BlockOf(lease.Image) is not null)
            {
                return new Refusal(
                    RefusalCode.Blocked,
                    $"{_view.WhyUnwanted(lease.Image) ?? "The image is recalled."} The lease ends at {lease.Expires:yyyy-MM-dd HH:mm} UTC and is not renewed.",
                    lease.Image);
            }

            var renewed = lease with { Expires = expires };
            Accept_NeedsLock(_view with { Leases = _view.Leases.SetItem(id, renewed) }, [], () => _database.SaveLease(renewed));
            return renewed;
        }
    }

    /// <returns>The lease that ended, or null if there was none.</returns>
    public Lease? EndLease(string id, string why)
    {
        lock (_gate)
        {
            if (_view.Leases.GetValueOrDefault(id) is not { } lease)
            {
                return null;
            }

            Accept_NeedsLock(_view with { Leases = _view.Leases.Remove(id) }, [], () => _database.DeleteLease(id));
            _events.Add("mount", $"lease of {lease.Client} on {lease.Surface} ended: {why}", lease.Image, lease.Surface);
            return lease;
        }
    }

    /// <summary>An operator says that nobody holds an image any more that this site does not know of.</summary>
    /// <returns>False when no lease was forgotten.</returns>
    public bool SettleForgottenLeases()
    {
        lock (_gate)
        {
            if (_view.LeasesForgottenSince is null)
            {
                return false;
            }

            Accept_NeedsLock(
                _view with { LeasesForgottenSince = null },
                [],
                () => _database.SaveFact(SiteDatabase.LeasesForgotten, SiteDatabase.ForgottenNothing));
            _events.Add("drift", "the lost database is settled: removed images are retired and evicted again");
            return true;
        }
    }

    public void Dispose() => _database.Dispose();

    private SiteView Load(IEnumerable<SurfaceStatus> surfaces)
    {
        var catalog = _documents.Load(
            long.Parse(Facts.GetValueOrDefault(EpochFact, "0")),
            _savedClock = long.Parse(Facts.GetValueOrDefault(ClockFact, "0")),
            written: Facts.ContainsKey(SiteDatabase.CatalogSigned));
        if (catalog.StatedBy(Fleet.Site).Any())
        {
            NoteSigned_NeedsLock();
        }

        _savedEpoch = _documents.Epoch;
        var statuses = surfaces
            .Select(s => Facts.TryGetValue(AnswerFact(s.Name), out var ms) ? s with { AnswerChanged = Time(ms) } : s)
            .ToList();
        var names = statuses.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var view = SiteView.Of(
            // A receipt without an entry is an add that was never acknowledged; its file is an orphan of the store.
            _database.LoadStore().Where(s => catalog.Images.ContainsKey(s.Key)),
            // What is still visible of an image that nobody knows any more has to be taken out of sight.
            _database.LoadCells().Where(c => names.Contains(c.Key.Surface) && (catalog.Images.ContainsKey(c.Key.Image) || c.Value.FileName is not null)),
            _database.LoadOffered(),
            _database.LoadComputed(),
            _database.LoadLeases(),
            statuses) with { LeasesForgottenSince = LeasesForgottenSince(catalog) };
        view = view.WithCatalog(catalog, _time.GetUtcNow(), out _) with
        {
            Others = OthersNow(view.Others, _time.GetUtcNow()),
        };
        foreach (var key in view.Cells.Keys.Where(k => !catalog.Images.ContainsKey(k.Image)).ToList())
        {
            view = view.WithdrawnEverywhere(
                key.Image, CellState.Withdrawn, ReasonCode.Removed, "The site that added the image does not count any more.", _time.GetUtcNow());
        }

        var missed = view.Cells.Where(c => c.Value.State is CellState.Withdrawn or CellState.Quarantined && view.IsWanted(c.Key.Image));
        return view with { Missed = missed.ToImmutableDictionary(c => c.Key, c => c.Value.Since) };
    }

    /// <summary>A database that is new while there is a signed catalog was lost; one that is new with an empty catalog is a new site.</summary>
    private DateTimeOffset? LeasesForgottenSince(CatalogView catalog)
    {
        switch (Facts.GetValueOrDefault(SiteDatabase.LeasesForgotten, SiteDatabase.ForgottenNothing))
        {
            case SiteDatabase.ForgottenNothing:
                return null;
            case SiteDatabase.ForgottenNew when catalog.Images.IsEmpty:
                _database.SaveFact(SiteDatabase.LeasesForgotten, SiteDatabase.ForgottenNothing);
                return null;
            case SiteDatabase.ForgottenNew:
                var now = Ms(_time.GetUtcNow());
                _database.SaveFact(SiteDatabase.LeasesForgotten, now);
                Log.DatabaseLost(_log);
                return Time(now);
            case var since:
                return Time(since);
        }
    }

    /// <summary>Durable first, seen second. An exception of <paramref name="save"/> leaves the view as it was.</summary>
    private void Accept_NeedsLock(SiteView next, ReadOnlySpan<ImageId> touched, Action save, bool metadata = false)
    {
        next = Stamped(next, touched, metadata, out var answers);
        save();
        Show_NeedsLock(next);
        SaveAnswers(answers);
    }

    /// <summary>Seen first, durable second: if it cannot be recorded, it is withdrawn all the same.</summary>
    private void Withdraw_NeedsLock(SiteView next, ReadOnlySpan<ImageId> touched, Action? save, bool metadata = false)
    {
        next = Stamped(next, touched, metadata, out var answers);
        Show_NeedsLock(next);
        try
        {
            save?.Invoke();
            SaveAnswers(answers);
        }
        catch (Microsoft.Data.Sqlite.SqliteException e)
        {
            Log.NotRecorded(_log, e);
        }
    }

    private void Show_NeedsLock(SiteView next)
    {
        _view = next with { Version = _view.Version + 1 };
        foreach (var signal in _signals)
        {
            signal.TryWrite(0);
        }
    }

    /// <summary>Finds the surfaces whose list changes, and says since when.</summary>
    private SiteView Stamped(SiteView next, ReadOnlySpan<ImageId> touched, bool metadata, out List<SurfaceStatus> answers)
    {
        answers = [];
        for (var i = 0; i < next.Surfaces.Length; i++)
        {
            var before = _view.Surfaces[i];
            var after = next.Surfaces[i];
            var changed = false;
            foreach (var image in touched)
            {
                var (was, now) = (_view.IsAvailable(image, before), next.IsAvailable(image, after));
                next = next.WithMissed(image, after, was, _time.GetUtcNow());
                changed |= was != now || (metadata && now);
                if (was != now)
                {
                    var cell = next.CellOf(image, after.Name);
                    _events.Add(
                        "surface",
                        now ? $"{NameOf(next, image)} is available on {after.Name}"
                            : $"{NameOf(next, image)} is not available on {after.Name} any more: {after.Problem ?? cell?.Reason}",
                        image,
                        after.Name,
                        now ? null : after.ProblemCode ?? cell?.Code);
                }
            }

            if (changed)
            {
                answers.Add(after with { AnswerChanged = Time(Ms(_time.GetUtcNow())) });
                next = next with { Surfaces = next.Surfaces.SetItem(i, answers[^1]) };
            }
        }

        return next;
    }

    private void SaveAnswers(List<SurfaceStatus> answers)
    {
        foreach (var surface in answers)
        {
            _database.SaveFact(AnswerFact(surface.Name), Ms(surface.AnswerChanged));
        }
    }

    private void SaveCells(SiteView before, SiteView next, params IEnumerable<ImageId> images)
    {
        foreach (var key in images.Distinct().SelectMany(i => next.Surfaces.Select(s => new CellKey(i, s.Name))))
        {
            var cell = next.Cells.GetValueOrDefault(key);
            if (cell != before.Cells.GetValueOrDefault(key))
            {
                _database.SaveCell(key, cell);
            }
        }
    }

    private Refusal? ClockRefusal_NeedsLock() => CatalogRules.ClockProblem(_time.GetUtcNow(), _view.Catalog.LastStamp) is { } problem
        ? new Refusal(RefusalCode.ClockImplausible, problem)
        : null;

    private static Refusal NotFound(ImageId id) =>
        new(RefusalCode.NotFound, $"There is no image {id} in the catalog. 'isocatalog ls' lists what there is.", id);

    private static string NameOf(SiteView view, ImageId id) => view.Catalog.Images.GetValueOrDefault(id)?.FileName ?? id.ToString();

    private static int IndexOf(SiteView view, string surface)
    {
        for (var i = 0; i < view.Surfaces.Length; i++)
        {
            if (view.Surfaces[i].Name == surface)
            {
                return i;
            }
        }

        throw new ArgumentException($"There is no surface '{surface}'.", nameof(surface));
    }

    private static string AnswerFact(string surface) => "answer:" + surface;

    private static string Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds().ToString();

    private static DateTimeOffset Time(string ms) => DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(ms));
}
