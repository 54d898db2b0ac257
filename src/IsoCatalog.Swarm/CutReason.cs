namespace IsoCatalog.Swarm;

/// <summary>Why a connection ended. Reasons from <see cref="Corrupt"/> on are the peer's fault and ban it for a while.</summary>
public enum CutReason
{
    /// <summary>The peer closed it, or the network did.</summary>
    Closed,

    /// <summary>Neither side needs the other any more.</summary>
    Finished,

    /// <summary>The image was stopped here, the engine ends, or the caller disconnected the peer.</summary>
    Stopped,

    /// <summary>The peer's key is not, or no longer, the one it must be.</summary>
    Untrusted,

    /// <summary>The address is not on the list, or is banned.</summary>
    Refused,

    /// <summary>More connections than are allowed, from this peer or in all.</summary>
    TooMany,

    /// <summary>The info hash is not of an image that is here.</summary>
    UnknownTorrent,

    /// <summary>The handshake took too long.</summary>
    HandshakeTimeout,

    /// <summary>Nothing arrived, or nothing was taken, for too long.</summary>
    Idle,

    /// <summary>Requests stayed unanswered for too long.</summary>
    Stalled,

    /// <summary>Our own file could not be read or written.</summary>
    Storage,

    /// <summary>
    /// The TLS or BitTorrent handshake was not one. Who does that again and again and nothing else is banned; a client that tries the obfuscated
    /// handshake first does it once before each connection.
    /// </summary>
    BadHandshake,

    /// <summary>A block did not match the signed root.</summary>
    Corrupt,

    /// <summary>A message that is longer than its kind allows, or of a wrong shape.</summary>
    BadMessage,

    /// <summary>A well-formed message that breaks the rules: a piece nobody asked for, a request beyond the end.</summary>
    BrokenRule,

    /// <summary>More requests or messages than a working client sends.</summary>
    Flood,
}
