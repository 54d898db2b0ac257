using System.Threading.Channels;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// The kernel of what the site knows. Anybody may read <see cref="View"/> and be told of changes; only a book, which takes a <see cref="Turn"/>, changes it, and
/// there is one way to do that: <see cref="Change"/>. Thread-safe.
/// </summary>
/// <remarks>
/// L1 What takes an image out of the list is seen by readers first and recorded second; of what is signed, as soon as the document is on the disk, whatever happens
/// then. L2 What brings one in, or acknowledges anything, is durable first and seen second. L3 Nothing is promoted, published, advertised, leased or retired on a
/// view that is no longer the newest.
/// </remarks>
internal sealed class SiteLedger : IDisposable
{
    /// <summary>So long a site that was started without a catalog hears of what was before it.</summary>
    private static readonly TimeSpan FirstHearing = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly SiteDatabase _database;
    private readonly FleetDocuments _documents;
    private readonly EventLog _events;
    private readonly Reserve _reserve;
    private readonly TimeProvider _time;
    private readonly LateRows _rows;
    private readonly ChangeAlarms _alarms;
    private readonly List<ChannelWriter<byte>> _signals = [];
    private volatile SiteView _view;
    private readonly long? _emptyAt;
    private long _savedEpoch;
    private bool _signed;

    /// <summary>Loads the signed documents and the database; cells of surfaces that are not configured any more are forgotten.</summary>
    public SiteLedger(
        SiteDatabase database,
        FleetDocuments documents,
        IEnumerable<SurfaceStatus> surfaces,
        EventLog events,
        SiteAlarms alarms,
        ChangeLimits limits,
        Reserve reserve,
        TimeProvider time,
        ILogger<SiteLedger> log)
    {
        _database = database;
        _documents = documents;
        _events = events;
        _reserve = reserve;
        _time = time;
        _rows = new LateRows(database, reserve, alarms, events, time, log, CatchUp);
        Facts = database.Tables.LoadFacts();
        _view = StoredView.Load(database, documents, Facts, surfaces, time.GetUtcNow(), log);
        _alarms = new ChangeAlarms(alarms, limits);
        _emptyAt = _view.Signed.Registers.IsEmpty ? time.GetTimestamp() : null;
        _savedEpoch = documents.Epoch;
        _signed = Facts.ContainsKey(SiteDatabase.CatalogSigned);
        if (!_signed && documents.Catalog.View.StatedBy(documents.Snapshot.Site).Any())
        {
            _rows.Write(Signed_NeedsLock());
        }
    }

    public SiteView View => _view;

    /// <summary>From the next change on, what is worth an alarm.</summary>
    public ChangeLimits Limits
    {
        set => _alarms.Limits = value;
    }

    /// <summary>The signed documents, as they are handed on. A new one comes with a <see cref="Signal"/>.</summary>
    public FleetSnapshot Fleet => _documents.Snapshot;

    /// <summary>What is made of this machine's clock now, and of those of the other sites.</summary>
    public ClockReading Clock => _documents.Clock();

    /// <summary>Asks the other sites for their clocks, for a bounded time: before anything is signed, deleted for good or ended.</summary>
    public Task AskClocksAsync(CancellationToken cancellationToken) => _documents.Clocks.AskAsync(cancellationToken);

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

    /// <summary>Keeps a small fact for the next start.</summary>
    /// <exception cref="DatabaseException">It is not kept.</exception>
    public void SaveFact(string name, string value)
    {
        lock (_gate)
        {
            _rows.WriteFirst([new Row.Fact(name, value)]);
        }
    }

    /// <summary>Waits until nobody else changes anything. To be disposed of by who called.</summary>
    /// <exception cref="InvalidOperationException">The caller has the turn already: it would see half of its own change.</exception>
    public Turn Take() => _gate.IsHeldByCurrentThread
        ? throw new InvalidOperationException("The ledger's turn was taken by who has it already.")
        : new Turn(this, _gate.EnterScope(), _time.GetUtcNow());

    public void Dispose()
    {
        lock (_gate)
        {
            _rows.Dispose();
            _database.Dispose();
        }
    }

    internal Refusal? Make_NeedsLock(Change change)
    {
        var before = _view;
        var lists = Lists.After(before, change.Next, change.Touched, change.Described, _time.GetUtcNow());
        IReadOnlyList<Row> late = [];
        if (WriteFirst_NeedsLock(change.First, withEpoch: change.Document is not null) is { } failed)
        {
            if (change.First.Count > 0 || change.Document is null)
            {
                return failed;
            }

            // A removal or a recall waits for no database. Its document says the epoch too; both would have to be lost.
            late = [new Row.Fact(StoredView.EpochFact, StoredView.Text(_documents.Epoch))];
        }

        if (change.Document?.Commit() is { } unwritten)
        {
            return unwritten;
        }

        var (history, remembered) = Remember_NeedsLock(before, lists.View);
        _view = lists.View with { Version = before.Version + 1, History = history };
        lists.Tell(_events);
        _alarms.Look(before, _view, _time.GetUtcNow());
        _rows.Write(
            Row.Between(before, lists.View, change.Touched).Except(change.First)
                .Concat(change.After)
                .Concat(remembered)
                .Concat(late)
                .Concat(lists.Changed.Select(s => new Row.Fact(StoredView.AnswerFact(s.Name), StoredView.Ms(s.AnswerChanged))))
                .Concat(change.Document is null ? [] : Signed_NeedsLock()));

        // Readers see it already; whoever acts on it is woken when the rows had their chance, so that a crash finds what was decided before what was done for it.
        foreach (var signal in _signals)
        {
            signal.TryWrite(0);
        }

        return null;
    }

    private (CatalogHistory History, IReadOnlyList<Row> Rows) Remember_NeedsLock(SiteView before, SiteView after)
    {
        var isFirst = _emptyAt is { } empty && _time.GetElapsedTime(empty) < FirstHearing;
        var changes = CatalogChange.Between(before.Signed, after.Signed, _time.GetUtcNow(), isFirst).ToList();
        if (changes.Count == 0)
        {
            return (before.History, []);
        }

        var history = before.History.With(changes, _time.GetUtcNow(), out var dropped);
        return (history, [.. changes.Select(c => new Row.Changed(c, true)), .. dropped.Select(c => new Row.Changed(c, false))]);
    }

    internal Refusal? SaveEpoch_NeedsLock() => WriteFirst_NeedsLock([], withEpoch: true);

    /// <param name="withEpoch">An epoch that was begun is never begun again, even if its documents are lost.</param>
    private Refusal? WriteFirst_NeedsLock(IReadOnlyList<Row> rows, bool withEpoch)
    {
        var epoch = withEpoch ? _documents.Epoch : _savedEpoch;
        try
        {
            _rows.WriteFirst(epoch == _savedEpoch ? rows : [new Row.Fact(StoredView.EpochFact, StoredView.Text(epoch)), .. rows]);
        }
        catch (DatabaseException e)
        {
            var (code, remedy) = DiskFault.IsFull(e) ? (RefusalCode.NoSpace, " " + _reserve.Remedy) : (RefusalCode.WriteError, "");
            return new Refusal(code, "The site cannot write down anything new at this moment. Nothing was changed. Try again later.") { Remedy = $"Its database could not be written: {e.Message}{remedy}" };
        }

        _savedEpoch = epoch;
        return null;
    }

    /// <summary>From the first document on, none is a loss.</summary>
    private IReadOnlyList<Row> Signed_NeedsLock()
    {
        IReadOnlyList<Row> rows = _signed ? [] : [new Row.Fact(SiteDatabase.CatalogSigned, "yes")];
        _signed = true;
        return rows;
    }

    private void CatchUp()
    {
        lock (_gate)
        {
            _rows.TryAgain();
        }
    }
}
