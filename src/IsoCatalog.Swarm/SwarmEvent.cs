using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm;

public enum SwarmEventKind
{
    /// <summary>A connection was established or ended in the ordinary way.</summary>
    Connection,

    /// <summary>A peer was cut for what it did or did not do.</summary>
    Cut,

    /// <summary>A peer sent bytes that do not match the signed root.</summary>
    Corrupt,

    /// <summary>A transfer started, resumed, finished or failed.</summary>
    Transfer,

    /// <summary>A file cannot be read, written or is no longer what it was.</summary>
    Storage,

    /// <summary>Something here failed that should not. What it worked for goes on without it.</summary>
    Fault,
}

/// <summary>Something that an operator may want to read in the log.</summary>
/// <param name="Message">Plain English: what, where.</param>
/// <param name="Peer">The peer's name or address, when it is about one.</param>
/// <param name="Root">The image, when it is about one.</param>
public sealed record SwarmEvent(SwarmEventKind Kind, string Message, string? Peer, Sha256Digest? Root);
