using System.Net;

namespace IsoCatalog.Client;

/// <summary>Whom a client asks, and how; says its failures in words.</summary>
/// <param name="server">Ends in a slash.</param>
/// <param name="socketPath">Where it is asked instead of over the network; null for the network.</param>
/// <param name="options">As given to the client.</param>
internal sealed class AskedSite(Uri server, string? socketPath, ApplianceClientOptions options)
{
    public Uri Server => server;

    public string? SocketPath => socketPath;

    public ApplianceClientOptions Options => options;

    /// <summary>The path of the socket, or scheme, host and port.</summary>
    public string Address => socketPath ?? server.GetLeftPart(UriPartial.Authority);

    public ApplianceException Unexpected(HttpStatusCode status, string what, Exception? inner = null) => new(
        new Problem(
            Problem.TypePrefix + ClientProblemCode.UnexpectedAnswer,
            "Unexpected answer",
            (int)status,
            $"{Address} answered with {what}. Is that an IsoCatalog site of a version that fits this program?"),
        innerException: inner);
}
