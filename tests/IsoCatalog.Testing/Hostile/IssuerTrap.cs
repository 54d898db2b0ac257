using System.Net;
using System.Net.Sockets;

namespace IsoCatalog.Testing.Hostile;

/// <summary>An HTTP listener for the certificates of <see cref="OddCertificate.OfIssuerAt"/>: whoever builds a chain for one calls here, because a stranger wants it.</summary>
public sealed class IssuerTrap : IAsyncDisposable
{
    private static readonly byte[] Nothing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray();

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _calls;

    public IssuerTrap()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Url => new($"http://{_listener.LocalEndpoint}/issuer.der");

    /// <summary>Connections so far.</summary>
    public int Calls => Volatile.Read(ref _calls);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var caller = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _calls);
                await caller.GetStream().WriteAsync(Nothing, _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The test is over, or the caller went away.
        }
    }
}
