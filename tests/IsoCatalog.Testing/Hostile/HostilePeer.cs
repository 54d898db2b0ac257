using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.Testing.Hostile;

/// <summary>How the engine ended a connection of a peer.</summary>
/// <param name="After">From the connection to its end.</param>
/// <param name="Sent">Bytes that the engine let the peer send.</param>
/// <param name="Received">Bytes that the peer got.</param>
public sealed record Ending(TimeSpan After, long Sent, long Received);

/// <summary>
/// A peer with an address of its own that does one thing wrong, on connections that it makes and on those it gets. Having done it, it listens on
/// until the engine ends the connection. One that the engine keeps for half a minute fails the test.
/// </summary>
public abstract class HostilePeer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<Ending> _endings = Channel.CreateUnbounded<Ending>();
    private readonly CancellationTokenSource _over = new();
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;

    /// <summary>Where it calls from and listens: nobody else's.</summary>
    public IPAddress Address { get; } = Loopback.Next();

    /// <summary>Listens from now on; every connection is treated the same.</summary>
    public IPEndPoint Listen()
    {
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(Address, 0));
        _listener.Listen();
        _accepting = AcceptAsync(_listener);
        return (IPEndPoint)_listener.LocalEndPoint!;
    }

    /// <summary>Calls the engine and returns when the engine has ended the connection.</summary>
    public async Task<Ending> CallAsync(IPEndPoint engine, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _over.Token);
        limit.CancelAfter(Patience);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(Address, 0));
        try
        {
            await socket.ConnectAsync(engine, limit.Token);
            return await RunAsync(socket, calling: true, limit.Token);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            return new Ending(TimeSpan.Zero, 0, 0);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"{GetType().Name} was not cut within {Patience}.");
            throw;
        }
    }

    /// <summary>How the next connection that the engine made to this peer ended.</summary>
    public async Task<Ending> CutAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            return await _endings.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Assert.Fail($"{GetType().Name} was not cut within {Patience}.");
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener?.Dispose();
        await _accepting;
        _over.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>What it does wrong. It may return, or throw <see cref="CutException"/>.</summary>
    /// <param name="connection">Nothing was sent on it yet.</param>
    /// <param name="calling">Whether this side made the connection, and so speaks first.</param>
    protected abstract Task ActAsync(RawConnection connection, bool calling, CancellationToken cancellationToken);

    private async Task AcceptAsync(Socket listener)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(TreatAsync(await listener.AcceptAsync(_over.Token)));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task TreatAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                socket.NoDelay = true;
                _endings.Writer.TryWrite(await RunAsync(socket, calling: false, _over.Token));
            }
            catch (OperationCanceledException)
            {
                // The test is over and this connection was still open.
            }
        }
    }

    private async Task<Ending> RunAsync(Socket socket, bool calling, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await using var connection = new RawConnection(new NetworkStream(socket));
        try
        {
            await ActAsync(connection, calling, cancellationToken);
            await connection.DrainAsync(cancellationToken);
        }
        catch (CutException)
        {
            // What every hostile peer is there for.
        }

        return new Ending(Stopwatch.GetElapsedTime(start), connection.Sent, connection.Received);
    }
}
