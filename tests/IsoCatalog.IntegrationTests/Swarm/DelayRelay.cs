using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace IsoCatalog.IntegrationTests.Swarm;

/// <summary>Passes bytes on between two sockets, each way so much later, as a long path does; any number are under way.</summary>
internal sealed class DelayRelay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private readonly IPEndPoint _to;
    private readonly TimeSpan _delay;

    public DelayRelay(IPEndPoint to, TimeSpan delay)
    {
        (_to, _delay) = (to, delay);
        _listener.Start();
        _ = AcceptAsync();
    }

    public IPEndPoint Endpoint => (IPEndPoint)_listener.LocalEndpoint;

    public void Dispose()
    {
        _ending.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptSocketAsync(_ending.Token);
                var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await far.ConnectAsync(_to, _ending.Token);
                (near.NoDelay, far.NoDelay) = (true, true);
                _ = PassAsync(near, far);
                _ = PassAsync(far, near);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task PassAsync(Socket from, Socket to)
    {
        var queue = Channel.CreateUnbounded<(long At, byte[] Bytes)>();
        var sending = SendAsync(queue.Reader, to);
        try
        {
            var buffer = new byte[256 * 1024];
            for (int read; (read = await from.ReceiveAsync(buffer, _ending.Token)) > 0;)
            {
                queue.Writer.TryWrite((Stopwatch.GetTimestamp(), buffer[..read]));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One side is gone; what is under way still arrives.
        }

        queue.Writer.Complete();
        await sending;
        to.Dispose();
    }

    private async Task SendAsync(ChannelReader<(long At, byte[] Bytes)> queue, Socket to)
    {
        try
        {
            await foreach (var (at, bytes) in queue.ReadAllAsync(_ending.Token))
            {
                // A timer drops what is less than a millisecond, and a path that is shorter than it says is no measure of anything.
                for (TimeSpan left; (left = _delay - Stopwatch.GetElapsedTime(at)) > TimeSpan.Zero;)
                {
                    await Task.Delay(left + TimeSpan.FromMilliseconds(1), _ending.Token);
                }

                for (var sent = 0; sent < bytes.Length;)
                {
                    sent += await to.SendAsync(bytes.AsMemory(sent), _ending.Token);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Nobody wants it any more.
        }
    }
}
