using System.Net.Sockets;
using System.Security.Authentication;

namespace IsoCatalog.Client;

/// <summary>Says in words why no answer came.</summary>
internal static class ConnectionFailure
{
    public static ApplianceUnreachableException Of(Exception failure, AskedSite site)
    {
        var reason = ReasonOf(failure);
        var words = site.SocketPath is { } path ? OverSocket(reason, path, failure) : OverNetwork(reason, site.Address, failure);
        return new ApplianceUnreachableException(site.Address, reason, words, failure);
    }

    public static ApplianceUnreachableException TimedOut(AskedSite site, TimeSpan limit, Exception failure) => new(
        site.Address,
        UnreachableReason.TimedOut,
        $"The site at {site.Address} did not answer within {limit.TotalSeconds:0.#} s. It may be overloaded or waiting for a disk; look at its log, then try again.",
        failure);

    private static UnreachableReason ReasonOf(Exception failure) => failure switch
    {
        _ when SocketErrorOf(failure) is SocketError.AccessDenied => UnreachableReason.NotPermitted,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => UnreachableReason.NotTrusted,
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError,
        } => UnreachableReason.NotConnected,
        _ => UnreachableReason.Broken,
    };

    private static string OverSocket(UnreachableReason reason, string path, Exception failure) => reason switch
    {
        UnreachableReason.NotPermitted =>
            $"User '{Environment.UserName}' may not open the socket {path}. Run as the user of the site or as root, or join the group that owns the socket.",
        UnreachableReason.NotConnected when SocketErrorOf(failure) is SocketError.ConnectionRefused =>
            $"Nobody listens at the socket {path}. Is `isocatalog serve` running? A socket left by a crash is replaced when it starts.",
        UnreachableReason.NotConnected when !Path.Exists(path) =>
            $"There is no socket {path}. Is `isocatalog serve` running, with this socket in its site.yaml? "
            + "Name another with --socket or --config, or a site over the network with --server.",
        UnreachableReason.NotConnected => $"The socket {path} cannot be opened: {Innermost(failure)} Is `isocatalog serve` running? Name another with --socket.",
        _ => $"The connection over {path} broke before the answer was complete: {Innermost(failure)} Is `isocatalog serve` still running? Look at its log.",
    };

    private static string OverNetwork(UnreachableReason reason, string address, Exception failure) => reason switch
    {
        UnreachableReason.NotTrusted =>
            $"The site at {address} could not be trusted: {Innermost(failure)} "
            + "Does its certificate name this host, and does it lead to a known authority (--ca-file)? Does it speak HTTPS at this port at all?",
        UnreachableReason.NotConnected or UnreachableReason.NotPermitted =>
            $"The site at {address} cannot be reached: {Innermost(failure)} Is `isocatalog serve` running there, and is --server its API address (listen.api)?",
        _ => $"The connection to {address} broke before the answer was complete: {Innermost(failure)} Is that the site's API address (listen.api)? Try again.",
    };

    private static SocketError? SocketErrorOf(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is SocketException socket)
            {
                return socket.SocketErrorCode;
            }
        }

        return null;
    }

    private static string Innermost(Exception failure)
    {
        while (failure is not AuthenticationException && failure.InnerException is { } inner)
        {
            failure = inner;
        }

        var text = failure.Message.TrimEnd();
        return text.EndsWith('.') ? text : text + ".";
    }
}
