using System.Diagnostics.Metrics;

namespace IsoCatalog.Core.Connections;

/// <summary>Counts the connections that a listener had no place for, and those whose place it gave to another. Thread-safe.</summary>
public sealed class TurnedAway
{
    private readonly Counter<long>? _counter;
    private readonly KeyValuePair<string, object?> _listener;

    /// <param name="meter">Null counts nothing.</param>
    /// <param name="listener">As the configuration calls it.</param>
    public TurnedAway(Meter? meter, string listener)
    {
        _counter = meter?.CreateCounter<long>(
            "isocatalog.connections.turned.away", description: "Connections that a listener had no place for, or whose place another got.");
        _listener = new("listener", listener);

        // From zero, so that the first one is an increase.
        _counter?.Add(0, _listener);
    }

    /// <summary>One more.</summary>
    public void Count() => _counter?.Add(1, _listener);
}
