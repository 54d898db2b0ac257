using System.Net;

namespace IsoCatalog.Core.Connections;

/// <summary>The place of one connection. Thread-safe.</summary>
public sealed class Place : IDisposable
{
    private readonly ListenerPlaces _places;

    internal Place(ListenerPlaces places, IPAddress address, bool known, long number, Action cut) =>
        (_places, Address, IsKnown, Number, Cut) = (places, address, known, number, cut);

    internal IPAddress Address { get; }

    internal long Number { get; }

    internal Action Cut { get; }

    internal bool IsKnown { get; set; }

    internal bool IsNew { get; set; } = true;

    internal bool HasLeft { get; set; }

    /// <summary>Another connection has it now.</summary>
    public bool IsLost { get; internal set; }

    /// <summary>The connection is new no more: its end has shown who he is, or asked for something.</summary>
    /// <param name="known">He is one that the listener is for, wherever he comes from.</param>
    public void Settle(bool known) => _places.Settle(this, known);

    public void Dispose() => _places.Leave(this);
}
