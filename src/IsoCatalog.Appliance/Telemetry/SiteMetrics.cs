using System.Diagnostics.Metrics;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>The site's figures for Prometheus; docs/metrics.md lists them. Gauges are read off the newest view when they are scraped.</summary>
internal sealed class SiteMetrics
{
    // Counted from zero, so that the first one is an increase.
    private static readonly string[] FoundOnSurfaces = [ReasonCode.FileMissing, ReasonCode.FileChanged, ReasonCode.HashMismatch, ReasonCode.ReadError];
    private static readonly string[] FoundElsewhere = [ReasonCode.StoreMissing, ReasonCode.StoreDamaged, "store-doubted", ReasonCode.WatchIncomplete];

    private readonly SiteLedger _ledger;
    private readonly EventLog _events;
    private readonly TimeProvider _time;

    public SiteMetrics(Meter meter, SiteLedger ledger, EventLog events, TimeProvider time)
    {
        _ledger = ledger;
        _events = events;
        _time = time;
        meter.CreateObservableGauge("isocatalog.catalog.images", () => ledger.View.Catalog.Live.Count(), description: "Live images in the catalog.");
        meter.CreateObservableGauge("isocatalog.catalog.blocked", () => ledger.View.Catalog.Blocks.Count(), description: "Recalls that stand.");
        meter.CreateObservableGauge(
            "isocatalog.catalog.last.change",
            () => (ledger.View.Catalog.LastStamp?.Ms ?? 0) / 1000.0,
            "s",
            "When the catalog last changed, seconds since the Unix epoch.");
        meter.CreateObservableGauge("isocatalog.catalog.changes", Changes, description: "Changes of the catalog within the last hour, by the site that signed them.");
        meter.CreateObservableGauge("isocatalog.cells", Cells, description: "Cells of the ready matrix, by surface and state.");
        meter.CreateObservableGauge("isocatalog.surface.available", Available, description: "Images that can be mounted now, by surface.");
        meter.CreateObservableGauge("isocatalog.surface.up", Up, description: "1 while the surface as a whole can be used.");
        meter.CreateObservableGauge("isocatalog.store.files", Files, description: "The site's own copies, by state.");
        meter.CreateObservableGauge("isocatalog.catalog.age", Ages, "s", "Age of the newest signed document that is here, by the site that signed it.");
        meter.CreateObservableGauge("isocatalog.catalog.new.entries", New, description: "Entries that a site put into the catalog within 24 hours, by site.");
        meter.CreateObservableGauge("isocatalog.site.up", Heard, description: "1 while another site says what it has: it was heard within the last 60 seconds.");
        meter.CreateObservableGauge("isocatalog.site.heard.age", HeardAges, "s", "Since another site last said what it has.");
        meter.CreateObservableCounter(
            "isocatalog.drift.found", Found, description: "Times that something was found not to be as it should be, mended at once or not, by code and surface.");
        meter.CreateObservableGauge("isocatalog.leases", () => ledger.View.Leases.Count, description: "Leases now.");
    }

    private IEnumerable<Measurement<int>> Cells()
    {
        var view = _ledger.View;
        return view.Surfaces.SelectMany(s => Enum.GetValues<CellState>().Select(state => new Measurement<int>(
            view.Cells.Count(c => c.Key.Surface == s.Name && c.Value.State == state),
            new("surface", s.Name),
            new("state", state.ToString().ToLowerInvariant()))));
    }

    /// <summary>Of every site that has signed something, so that the first change is an increase.</summary>
    private IEnumerable<Measurement<int>> Changes()
    {
        var lately = _ledger.View.History.Since(_time.GetUtcNow() - ChangeLimits.Window).ToLookup(change => change.Signer, StringComparer.Ordinal);
        return _ledger.Fleet.Sites.Keys.Select(site => new Measurement<int>(lately[site].Count(), new KeyValuePair<string, object?>("site", site)));
    }

    private IEnumerable<Measurement<int>> Available()
    {
        var view = _ledger.View;
        return view.Surfaces.Select(s => new Measurement<int>(
            view.Catalog.Live.Count(i => view.IsAvailable(i.Id, s)), new KeyValuePair<string, object?>("surface", s.Name)));
    }

    private IEnumerable<Measurement<int>> Up() => _ledger.View.Surfaces.Select(s =>
        new Measurement<int>(s.Problem is null ? 1 : 0, new KeyValuePair<string, object?>("surface", s.Name)));

    private IEnumerable<Measurement<double>> Ages() => _ledger.Fleet.Sites
        .Where(s => s.Value.Head is not null)
        .Select(s => BySite(s.Key, _time.GetUtcNow() - s.Value.Head!.Issued));

    private IEnumerable<Measurement<int>> New() => NewEntries.OfTheDay(_ledger.View.Catalog, _time.GetUtcNow())
        .Select(s => new Measurement<int>(s.Value.Count, new KeyValuePair<string, object?>("site", s.Key)));

    private IEnumerable<Measurement<int>> Heard() => _ledger.View.Others.Values.Select(o =>
        new Measurement<int>(o.IsFresh(_time.GetUtcNow()) ? 1 : 0, new KeyValuePair<string, object?>("site", o.Site)));

    private IEnumerable<Measurement<double>> HeardAges() => _ledger.View.Others.Values.Select(o => BySite(o.Site, _time.GetUtcNow() - o.Heard));

    /// <summary>Seconds. A clock that is ahead makes nothing younger than new.</summary>
    private static Measurement<double> BySite(string site, TimeSpan age) =>
        new(Math.Max(0, age.TotalSeconds), new KeyValuePair<string, object?>("site", site));

    private IEnumerable<Measurement<long>> Found()
    {
        var found = _events.DriftFound;
        return FoundElsewhere.Select(code => (Code: code, Surface: ""))
            .Concat(_ledger.View.Surfaces.SelectMany(s => FoundOnSurfaces.Select(code => (Code: code, Surface: s.Name))))
            .Union(found.Keys)
            .Select(k => new Measurement<long>(found.GetValueOrDefault(k), new("code", k.Code), new("surface", k.Surface)));
    }

    private IEnumerable<Measurement<int>> Files()
    {
        var view = _ledger.View;
        return new[] { typeof(StoreFile.Present), typeof(StoreFile.Doubted), typeof(StoreFile.Fetching), typeof(StoreFile.Lost), typeof(StoreFile.Retired) }.Select(state =>
            new Measurement<int>(
                view.Store.Values.Count(f => f.GetType() == state),
                new KeyValuePair<string, object?>("state", state.Name.ToLowerInvariant())));
    }
}
