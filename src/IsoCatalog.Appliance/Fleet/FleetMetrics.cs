using System.Diagnostics.Metrics;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>The figures of the exchange with other sites; docs/metrics.md lists them.</summary>
internal sealed class FleetMetrics
{
    private readonly Counter<long> _requests;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _strangers;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _failed;

    public FleetMetrics(Meter meter)
    {
        Meter = meter;
        _requests = meter.CreateCounter<long>("isocatalog.fleet.requests", description: "Requests of other sites, by status.");
        _bytes = meter.CreateCounter<long>("isocatalog.fleet.served", "By", "Bytes of documents sent to other sites.");
        _strangers = meter.CreateCounter<long>("isocatalog.fleet.strangers", description: "Requests refused because no site has the caller's key.");
        _refused = meter.CreateCounter<long>("isocatalog.fleet.refused", description: "What other sites sent and was refused, by peer and rule.");
        _failed = meter.CreateCounter<long>("isocatalog.fleet.failed", description: "Exchanges that failed, by peer and reason.");
    }

    /// <summary>For gauges that are read off the state when they are scraped.</summary>
    public Meter Meter { get; }

    public void Served(int status, long bytes)
    {
        _requests.Add(1, new KeyValuePair<string, object?>("status", status));
        _bytes.Add(bytes);
    }

    public void Stranger() => _strangers.Add(1);

    public void Refused(string peer, string rule) => _refused.Add(1, new("peer", peer), new("rule", rule));

    public void Failed(string peer, string reason) => _failed.Add(1, new("peer", peer), new("reason", reason));
}
