namespace IsoCatalog.Client;

/// <summary>No answer came. <see cref="Exception.Message"/> names the address and says what to do.</summary>
public sealed class ApplianceUnreachableException : Exception
{
    internal ApplianceUnreachableException(string address, UnreachableReason reason, string message, Exception? innerException)
        : base(message, innerException)
    {
        Address = address;
        Reason = reason;
    }

    /// <summary>The path of the Unix socket, or scheme, host and port.</summary>
    public string Address { get; }

    public UnreachableReason Reason { get; }
}

/// <summary>How far a call came.</summary>
public enum UnreachableReason
{
    /// <summary>No connection was made; the call did nothing.</summary>
    NotConnected,

    /// <summary>This user may not open the socket; the call did nothing.</summary>
    NotPermitted,

    /// <summary>The TLS handshake failed; the call did nothing.</summary>
    NotTrusted,

    /// <summary>The connection broke before the answer was complete; whether the call did something is not known.</summary>
    Broken,

    /// <summary>The answer did not come in time; whether the call did something is not known.</summary>
    TimedOut,
}
