using System.Net;
using System.Net.Sockets;
using IsoCatalog.Testing.Hostile;
using IsoCatalog.Testing.Standard;

namespace IsoCatalog.IntegrationTests.HostilePeers;

/// <summary>A sound caller from an address that somebody else has given a bad name.</summary>
internal sealed class SlowPeerAt(IPAddress address)
{
    /// <summary>Says a sound handshake and returns how many bytes came back before the engine closed.</summary>
    public async Task<int> CallAsync(IPEndPoint engine, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        var total = 0;
        try
        {
            await socket.ConnectAsync(engine, cancellationToken);
            await socket.SendAsync(RawConnection.Handshake(Siege.Image.WireHash(TorrentKind.Hybrid)), cancellationToken);
            var buffer = new byte[4096];
            int count;
            while ((count = await socket.ReceiveAsync(buffer, cancellationToken)) > 0)
            {
                total += count;
            }
        }
        catch (SocketException)
        {
            // Reset instead of closed: the same to us.
        }

        return total;
    }
}
