using System.Diagnostics.Metrics;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Swarm;

namespace IsoCatalog.Appliance.Sync;

/// <summary>What the swarm does, in figures.</summary>
internal sealed class SwarmMetrics
{
    private readonly SwarmEngine _swarm;
    private readonly SiteLedger _ledger;

    public SwarmMetrics(Meter meter, SwarmEngine swarm, SiteLedger ledger)
    {
        _swarm = swarm;
        _ledger = ledger;
        meter.CreateObservableCounter("isocatalog.swarm.received", () => swarm.Counters.BytesReceived, "By", "Bytes of images received from other sites.");
        meter.CreateObservableCounter("isocatalog.swarm.sent", () => swarm.Counters.BytesSent, "By", "Bytes of images sent to other sites.");
        meter.CreateObservableCounter(
            "isocatalog.swarm.wasted", () => swarm.Counters.BytesWasted, "By", "Bytes that arrived twice, or were thrown away because they were wrong.");
        meter.CreateObservableCounter("isocatalog.swarm.corrupt.blocks", Corrupt, description: "Blocks of 16 KiB that did not match the signed root, by peer.");
        meter.CreateObservableCounter("isocatalog.swarm.cuts", () => ByReason(swarm.Counters.Cuts), description: "Connections that ended, by reason.");
        meter.CreateObservableCounter("isocatalog.swarm.bans", () => ByReason(swarm.Counters.Bans), description: "Peers that were not spoken to for a while, by reason.");
        meter.CreateObservableGauge("isocatalog.swarm.transfers", Transfers, description: "Images that are being fetched.");
        meter.CreateObservableGauge("isocatalog.swarm.peer.download", () => ByPeer(p => p.DownloadRate), "By/s", "Bytes a second received over the last seconds, by peer.");
        meter.CreateObservableGauge("isocatalog.swarm.peer.upload", () => ByPeer(p => p.UploadRate), "By/s", "Bytes a second sent over the last seconds, by peer.");
    }

    private int Transfers() => _swarm.Transfers.Count(t => !t.Completion.IsCompleted);

    /// <summary>Of every other site, so that the first wrong block is an increase.</summary>
    private IEnumerable<Measurement<long>> Corrupt()
    {
        var corrupt = _swarm.Counters.CorruptLeaves;
        return OtherSites().Union(corrupt.Keys, StringComparer.Ordinal)
            .Select(peer => new Measurement<long>(corrupt.GetValueOrDefault(peer), new KeyValuePair<string, object?>("peer", peer)));
    }

    private IEnumerable<Measurement<double>> ByPeer(Func<PeerSnapshot, double> rate)
    {
        var peers = _swarm.Peers.ToLookup(p => p.Name, StringComparer.Ordinal);
        return OtherSites().Union(peers.Select(g => g.Key), StringComparer.Ordinal)
            .Select(peer => new Measurement<double>(peers[peer].Sum(rate), new KeyValuePair<string, object?>("peer", peer)));
    }

    private IEnumerable<string> OtherSites() => _ledger.Fleet.ActiveSites.Keys.Where(site => site != _ledger.Fleet.Site);

    private static IEnumerable<Measurement<long>> ByReason(IReadOnlyDictionary<CutReason, long> counts) =>
        counts.Select(c => new Measurement<long>(c.Value, new KeyValuePair<string, object?>("reason", System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(c.Key.ToString()))));
}
