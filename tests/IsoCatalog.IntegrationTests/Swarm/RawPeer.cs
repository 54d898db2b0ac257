using System.Net;
using System.Net.Sockets;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Wire;

namespace IsoCatalog.IntegrationTests.Swarm;

/// <summary>A client that says whatever it is told to.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<byte> _heard = [];

    public RawPeer(IPEndPoint at, SwarmImage image, byte[]? handshake = null)
    {
        _socket.Connect(at);
        if (handshake is null)
        {
            handshake = new byte[Handshake.Length];
            new Handshake(image.Torrent.InfoV1!.Value, new Sha1Digest(Guid.NewGuid().ToByteArray().Concat(new byte[4]).ToArray()), Fast: true, Extensions: false, SpeaksV2: false)
                .WriteTo(handshake);
        }

        Send(handshake);
    }

    public void Send(Action<OutboundMessages> write)
    {
        var messages = new OutboundMessages();
        write(messages);
        Send(messages.Bytes);
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[_socket.Send(bytes)..];
            }
        }
        catch (SocketException)
        {
            // The other side has had enough already.
        }
    }

    /// <summary>Whether an unchoke message came by now.</summary>
    public bool IsUnchoked()
    {
        var buffer = new byte[4096];
        while (_socket.Available > 0)
        {
            _heard.AddRange(buffer.AsSpan(0, _socket.Receive(buffer)));
        }

        return _heard.ToArray().AsSpan().IndexOf(new byte[] { 0, 0, 0, 1, 1 }) >= 0;
    }

    public void Dispose() => _socket.Dispose();
}
