using System.Diagnostics.Metrics;
using IsoCatalog.Surfaces;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>How it stands with the oVirt engines, in figures.</summary>
internal sealed class EngineMetrics
{
    private readonly IEngineList[] _lists;

    public EngineMetrics(Meter meter, IEnumerable<ISurface> surfaces)
    {
        _lists = [.. surfaces.OfType<IEngineList>()];
        if (_lists.Length == 0)
        {
            return;
        }

        meter.CreateObservableCounter(
            "isocatalog.engine.refreshes", () => Of(f => f.Refreshes), description: "Times that the oVirt engine was made to list an ISO domain anew, by surface.");
        meter.CreateObservableCounter(
            "isocatalog.engine.refresh.failures", () => Of(f => f.Failures), description: "Those of them that brought no list.");
        meter.CreateObservableGauge("isocatalog.engine.up", () => Of(f => f.IsUp ? 1 : 0), description: "1 while the oVirt engine answers.");
        meter.CreateObservableGauge(
            "isocatalog.engine.list.drift",
            () => Of(f => f.Drift),
            description: "Files that the engine lists and that are not there, or that should be listed and are not.");
    }

    private IEnumerable<Measurement<long>> Of(Func<EngineFigures, long> figure) => _lists.Select(l =>
        new Measurement<long>(figure(l.Figures), new KeyValuePair<string, object?>("surface", l.Description.Name)));
}
