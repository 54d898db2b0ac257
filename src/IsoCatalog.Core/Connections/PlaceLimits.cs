namespace IsoCatalog.Core.Connections;

/// <summary>How many connections a listener has at the same time. A connection is new until its end has shown who he is, or asked for something.</summary>
public sealed record PlaceLimits
{
    /// <summary>Of one address that is known.</summary>
    public required int OfAddress { get; init; }

    /// <summary>New ones of one address that is known.</summary>
    public required int NewOfKnownAddress { get; init; }

    /// <summary>Of one address that is not known; an IPv6 /64 counts as one.</summary>
    public required int OfStranger { get; init; }

    /// <summary>New ones of one address that is not known.</summary>
    public required int NewOfStranger { get; init; }

    /// <summary>New ones of all addresses that are not known.</summary>
    public required int NewOfStrangers { get; init; }

    /// <summary>All of addresses that are not known.</summary>
    public required int OfStrangers { get; init; }

    /// <summary>All of addresses that are known. Strangers never take these.</summary>
    public required int OfKnown { get; init; }
}
