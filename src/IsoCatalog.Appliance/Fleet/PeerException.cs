namespace IsoCatalog.Appliance.Fleet;

/// <summary>What went wrong with another site; the words are for an operator.</summary>
internal sealed class PeerException(PeerFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public PeerFault Fault => fault;

    /// <summary>The trust document that the peer has, when it said so.</summary>
    public TrustHead? Trust { get; init; }

    /// <summary>May the same call well work in a moment?</summary>
    public bool IsTransient => fault is PeerFault.Unreachable or PeerFault.Slow;
}

internal enum PeerFault
{
    /// <summary>No connection, or it broke.</summary>
    Unreachable,

    /// <summary>No answer in time.</summary>
    Slow,

    /// <summary>Who answers there does not have the key of that site.</summary>
    WrongKey,

    /// <summary>The peer does not know our key.</summary>
    UnknownToPeer,

    /// <summary>The peer said no, or that it does not have it.</summary>
    Refused,

    /// <summary>404.</summary>
    NotFound,

    /// <summary>What came is not what was asked for: too long, no JSON, another hash, another fleet.</summary>
    Garbage,
}
