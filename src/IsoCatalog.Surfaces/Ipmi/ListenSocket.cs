using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>Binds the listening socket and says in plain words why it cannot.</summary>
internal static class ListenSocket
{
    // A BMC that lost power says nothing more: after two minutes its connections are gone and do not count against its cap.
    private const int KeepAliveIdleSeconds = 60;
    private const int KeepAliveIntervalSeconds = 15;
    private const int KeepAliveProbes = 4;

    /// <exception cref="IsoListenerException">The address cannot be bound.</exception>
    public static Socket Bind(EndPoint endPoint)
    {
        try
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);

            // Accepted sockets inherit these.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveIdleSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
            return socket;
        }
        catch (SocketException exception) when (endPoint is IPEndPoint address)
        {
            throw new IsoListenerException(address, Message(address, exception), exception);
        }
    }

    private static string Message(IPEndPoint address, SocketException exception) => exception.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse =>
            $"The ISO listener cannot listen on {address}: the port is in use. `ss -ltnp 'sport = :{address.Port}'` names the program that has it; "
            + "stop that one, or give the ISO listener another address in the configuration.",
        SocketError.AccessDenied =>
            $"The ISO listener may not listen on {address}: ports below 1024 need CAP_NET_BIND_SERVICE. Grant it (systemd: "
            + "AmbientCapabilities=CAP_NET_BIND_SERVICE), or choose a higher port; some BMCs fetch from port 80 only.",
        SocketError.AddressNotAvailable =>
            $"The ISO listener cannot listen on {address}: no interface of this host has that address. Configure the interface, or correct the address.",
        _ => $"The ISO listener cannot listen on {address}: {exception.Message}.",
    };
}
