using System.Collections.Immutable;
using System.Threading.Channels;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

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

    /// <summary>Runs <paramref name="work"/> with no other change in between. For a few file-system calls, no more.</summary>
    public void Exclusively(Action work)
    {
        lock (_gate)
        {
            work();
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
            statuses) with
        {
            LeasesForgottenSince = LeasesForgottenSince(catalog),
            AliasMoves = ImmutableDictionary.CreateRange(StringComparer.Ordinal, _database.LoadAliasMoves().Select(m => KeyValuePair.Create(m.Alias, m))),
        };
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
        return view with { Missed = missed.ToImmutableDictionary(c => c.Key, c => new Missing(c.Value.Since, c.Value.Code, c.Value.Reason)) };
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

    private static string AnswerFact(string surface) => "answer:" + surface;

    private static string Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds().ToString();

    private static DateTimeOffset Time(string ms) => DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(ms));
}
