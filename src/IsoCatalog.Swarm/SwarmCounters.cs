namespace IsoCatalog.Swarm;

/// <summary>Totals since the engine was made, for metrics.</summary>
/// <param name="BytesReceived">Payload received from peers, wasted bytes included.</param>
/// <param name="BytesSent">Payload sent to peers.</param>
/// <param name="BytesWasted">Payload that arrived twice, or was thrown away because it was wrong.</param>
/// <param name="CorruptLeaves">Blocks of 16 KiB that did not match, by the peer that sent them.</param>
/// <param name="Cuts">Connections that ended, by reason.</param>
/// <param name="Bans">Bans set, by reason.</param>
public sealed record SwarmCounters(
    long BytesReceived,
    long BytesSent,
    long BytesWasted,
    IReadOnlyDictionary<string, long> CorruptLeaves,
    IReadOnlyDictionary<CutReason, long> Cuts,
    IReadOnlyDictionary<CutReason, long> Bans);
