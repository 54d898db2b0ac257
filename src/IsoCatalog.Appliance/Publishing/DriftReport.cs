using System.Diagnostics.Metrics;
using System.Globalization;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Everything that is not as it should be, and what to do about each. An add that is on its way is no drift.</summary>
internal sealed class DriftReport
{
    public const string DatabaseLost = "database-lost";

    private readonly string _site;
    private readonly bool _together;
    private readonly LiveConfiguration _configuration;
    private readonly SiteLedger _ledger;
    private readonly ImageStore _store;
    private readonly IReadOnlyList<SurfacePublisher> _publishers;
    private readonly Inbox _inbox;
    private readonly SiteAlarms _alarms;
    private readonly Setbacks _setbacks;
    private readonly FleetExchange? _exchange;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _started;
    private readonly DriftTimes _times = new();
    private volatile IReadOnlyDictionary<string, DriftView> _orphans = new Dictionary<string, DriftView>();

    public DriftReport(
        LiveConfiguration configuration,
        SiteLedger ledger,
        ImageStore store,
        IReadOnlyList<SurfacePublisher> publishers,
        Inbox inbox,
        SiteAlarms alarms,
        Setbacks setbacks,
        FleetExchange? exchange,
        Meter meter,
        TimeProvider time)
    {
        _site = configuration.Now.Site;
        _together = configuration.Now.Offer == OfferPolicy.Together;
        _configuration = configuration;
        _ledger = ledger;
        _store = store;
        _publishers = publishers;
        _inbox = inbox;
        _alarms = alarms;
        _setbacks = setbacks;
        _exchange = exchange;
        _time = time;
        _started = time.GetUtcNow();
        meter.CreateObservableGauge("isocatalog.drift", Measure, description: "What is not as it should be, by code and surface.");
    }

    public DriftList Now()
    {
        var view = _ledger.View;
        var now = _time.GetUtcNow();
        IEnumerable<Found> found =
        [
            .. ClockDrift.Of(
                _exchange?.Peers ?? [],
                _ledger.Fleet.DocumentClocks,
                _ledger.Clock,
                now,
                TimeSpan.FromMilliseconds(_ledger.Fleet.Trust.Current.Params.MaxFutureMs)),
            .. Standing(
                Forgotten(view),
                _alarms.Standing.Select(a => new DriftView(a.Code, a.Reason, null, null, a.Since, a.Site)),
                view.Surfaces.Where(s => s.Problem is not null).Select(s => new DriftView(s.ProblemCode!, s.Problem!, s.Name, null, s.ProblemSince ?? now)),
                Store(view),
                NewDrift.Of(view.Catalog, _configuration.Now.Alarms.NewPerDay, now),
                WaitDrift.Fetches(view, now),
                WaitDrift.HeldBack(view, _together, now),
                WaitDrift.Names(view, now),
                CellDrift.Of(view),
                CellDrift.StillInSight(view),
                FaultDrift.Of(view)),
            .. SiteDrift.Of(view, _exchange?.Peers ?? [], _started, now).Select(d => new Found(d, d.Code == SiteDrift.DocumentsRefused ? Began(d) : null)),
            .. _publishers.SelectMany(p => p.Foreign.Select(f => new Found(new DriftView(f.Code, f.Reason, p.Name, null, now), f.Subject ?? f.Reason))),
            .. _inbox.FindingsAt(now).Select(f => new Found(new DriftView(f.Code, f.Reason, null, f.Image, f.Since), f.Path)),
            .. Orphans(view).Select(o => new Found(o.Value, o.Key)),
            .. _setbacks.Lasting.Select(s => new DriftView(ReasonCode.UpkeepFailed, s.Reason, null, s.Image, s.Since)).Select(d => new Found(d, Began(d))),
        ];
        return new DriftList(_site, now, _times.Settle(found, now));

        static IEnumerable<Found> Standing(params IEnumerable<IEnumerable<DriftView>> kinds) => kinds.SelectMany(k => k).Select(d => new Found(d));

        // Where several may be alike in all else, and each is kept with its own beginning.
        static string Began(DriftView drift) => drift.Since.ToString("O", CultureInfo.InvariantCulture);
    }

    /// <summary>Looks without being asked, so that what ends and begins anew between two requests is not taken for one.</summary>
    public void Look() => Now();

    /// <summary>Looks for files in the store that belong to nothing; reads the folders only. If they cannot be read, what was found before stands.</summary>
    public void LookForOrphans()
    {
        if (_store.Absence() is not null)
        {
            return;
        }

        var known = _orphans;
        IReadOnlyList<string> orphans;
        try
        {
            orphans = [.. _store.Orphans(_ledger.View)];
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            // Each ten seconds; whatever is wrong with the disk, or with this process, is drift of its own.
            return;
        }

        _orphans = orphans.ToDictionary(
            path => path,
            path => known.GetValueOrDefault(path) ?? new DriftView(
                "store-orphan",
                $"{path} belongs to no image of the catalog (an add that was cut off leaves such a file). Add the image again, or delete it.",
                null,
                null,
                _time.GetUtcNow()),
            StringComparer.Ordinal);
    }

    /// <summary>What was found at the last look, without what an add has taken up since.</summary>
    private IEnumerable<KeyValuePair<string, DriftView>> Orphans(SiteView view) =>
        _orphans is { Count: > 0 } found ? ImageStore.StillOrphans(view, found.Keys).Select(path => KeyValuePair.Create(path, found[path])) : [];

    private IEnumerable<Measurement<int>> Measure() => Now().Drift
        .GroupBy(d => (d.Code, d.Surface))
        .Select(g => new Measurement<int>(g.Count(), new("code", g.Key.Code), new("surface", g.Key.Surface ?? "")));

    private static IEnumerable<DriftView> Forgotten(SiteView view) => view.LeasesForgottenSince is { } since
        ?
        [
            new DriftView(
                DatabaseLost,
                "The site's database was gone at a start, and with it the leases: nobody knows which removed images are still mounted, so their files "
                + "stay where they are. Once that is settled: isocatalog confirm database-lost.",
                null,
                null,
                since),
        ]
        : [];

    private static IEnumerable<DriftView> Store(SiteView view) => view.Catalog.Images.Values.Where(i => !i.Deleted)
        .Select(i => view.FileOf(i) switch
        {
            StoreFile.Lost lost => new DriftView(lost.Code, lost.Reason, null, i.Id, lost.Since),
            StoreFile.Fetching { Code: not (ReasonCode.Fetching or ReasonCode.WaitingForSource or ReasonCode.Verifying) } stuck =>
                new DriftView(stuck.Code, stuck.Reason, null, i.Id, stuck.Since),
            StoreFile.Doubted doubted => new DriftView(doubted.Code, doubted.Reason, null, i.Id, doubted.Since),
            _ => null,
        })
        .OfType<DriftView>();
}
