using System.Net;
using System.Net.Sockets;
using IsoCatalog.Testing.Hostile;

namespace IsoCatalog.Testing.Standard;

/// <summary>
/// Brings together two sides that both only wait to be called. It calls both, gives each the handshake of the other, and from then on carries
/// bytes without looking at them.
/// </summary>
public sealed class Introductions : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly List<Task> _carrying = [];

    /// <param name="infoHash">What the connection is about: 40 hex digits.</param>
    /// <param name="first">Hears a handshake of a client with no more than BEP 6 and 10 to it, and answers with its own.</param>
    /// <param name="second">Hears what the first answered.</param>
    public async Task MakeAsync(string infoHash, IPEndPoint first, IPEndPoint second, CancellationToken cancellationToken)
    {
        var source = Loopback.Next();
        var toFirst = await CallAsync(source, first, cancellationToken);
        var toSecond = await CallAsync(source, second, cancellationToken);
        var handshake = RawConnection.Handshake(infoHash);
        handshake[27] = 0x04;
        await toFirst.WriteAsync(handshake, cancellationToken);
        var answer = new byte[RawConnection.HandshakeLength];
        await toFirst.ReadExactlyAsync(answer, cancellationToken);
        await toSecond.WriteAsync(answer, cancellationToken);
        await toSecond.ReadExactlyAsync(answer, cancellationToken);
        _carrying.Add(CarryAsync(toFirst, toSecond));
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_carrying);
        _over.Dispose();
    }

    private static async Task<NetworkStream> CallAsync(IPAddress from, IPEndPoint to, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(to, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async Task CarryAsync(NetworkStream first, NetworkStream second)
    {
        await using (first)
        await using (second)
        {
            try
            {
                await await Task.WhenAny(first.CopyToAsync(second, _over.Token), second.CopyToAsync(first, _over.Token));
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // One side has ended the connection, or the test is over: then neither is to have it.
            }
        }
    }
}
