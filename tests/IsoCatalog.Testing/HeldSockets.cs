using System.Net;
using System.Net.Sockets;

namespace IsoCatalog.Testing;

/// <summary>Connections of several loopback addresses that say nothing, or begin something and never end it.</summary>
public sealed class HeldSockets : IDisposable
{
    private readonly List<Socket> _sockets = [];

    /// <param name="first">The last byte of the first of the addresses, which are 127.0.1.x.</param>
    /// <param name="say">What each says once it is connected; nothing by default.</param>
    public static async Task<HeldSockets> OpenAsync(
        IPEndPoint server, int addresses, int each, CancellationToken cancellationToken, byte first = 1, byte[]? say = null)
    {
        var held = new HeldSockets();
        for (var address = 0; address < addresses; address++)
        {
            for (var i = 0; i < each; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                held._sockets.Add(socket);
                try
                {
                    socket.Bind(new IPEndPoint(new IPAddress([127, 0, 1, (byte)(first + address)]), 0));
                    await socket.ConnectAsync(server, cancellationToken);
                    if (say is not null)
                    {
                        await socket.SendAsync(say, cancellationToken);
                    }
                }
                catch (SocketException)
                {
                    // Refused: that is the server's right.
                }
            }
        }

        return held;
    }

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());
}
