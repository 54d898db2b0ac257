using System.Net;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>The ISO listener cannot listen. The message says where, why, and what to do.</summary>
public sealed class IsoListenerException(IPEndPoint endPoint, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public IPEndPoint EndPoint { get; } = endPoint;
}
