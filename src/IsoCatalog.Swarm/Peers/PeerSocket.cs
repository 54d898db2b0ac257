using System.Net;
using System.Net.Sockets;
using IsoCatalog.Core.Connections;

namespace IsoCatalog.Swarm.Peers;

/// <summary>How our sockets are set up. Buffer sizes are left to the kernel, which sizes them as the path needs.</summary>
internal static class PeerSocket
{
    private const int Tcp = 6;
    private const int TcpCongestion = 13;

    /// <summary>Whether the kernel offers BBR, which keeps its rate over long paths that lose packets.</summary>
    public static bool OffersBbr { get; } = TryProbe();

    public static void Tune(Socket socket)
    {
        socket.NoDelay = true;
        if (OffersBbr)
        {
            TrySetBbr(socket);
        }
    }

    public static Socket Listen(IPEndPoint at)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (at.Address.Equals(IPAddress.IPv6Any))
            {
                // As with every other listener of a site, it holds the IPv4 addresses too.
                socket.DualMode = true;
            }

            Tune(socket);
            socket.Bind(at);
            socket.Listen(128);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Of a name that is none, <see cref="IPAddress.None"/>.</summary>
    public static IPAddress AddressOf(EndPoint? end) =>
        (end as IPEndPoint)?.Address is { } address || (end is DnsEndPoint { Host: var host } && IPAddress.TryParse(host, out address))
            ? HostAddress.Plain(address)
            : IPAddress.None;

    private static bool TryProbe()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        return TrySetBbr(socket);
    }

    private static bool TrySetBbr(Socket socket)
    {
        try
        {
            socket.SetRawSocketOption(Tcp, TcpCongestion, "bbr"u8);
            return true;
        }
        catch (Exception e) when (e is SocketException or PlatformNotSupportedException)
        {
            return false;
        }
    }
}
