using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

/// <summary>A client that sends exactly what a test says, from the address that it says, and keeps the answer byte for byte.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _ahead = [];

    public static async Task<RawClient> ConnectAsync(IPEndPoint server, string from = "127.0.0.1", int receiveBuffer = 0)
    {
        var client = new RawClient();
        if (receiveBuffer > 0)
        {
            client._socket.ReceiveBufferSize = receiveBuffer;
        }

        client._socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await client._socket.ConnectAsync(server, TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>One request on a connection of its own.</summary>
    public static async Task<RawResponse> AskAsync(IPEndPoint server, string request, string from = "127.0.0.1")
    {
        using var client = await ConnectAsync(server, from);
        await client.SendAsync(request);
        return await client.ReadAsync(request.StartsWith("HEAD", StringComparison.Ordinal));
    }

    /// <summary>As <see cref="AskAsync"/>, where nobody may wait: how many bytes came; none if the connection was refused.</summary>
    public static int Answered(IPEndPoint server, string request, string from)
    {
        using var client = new RawClient();
        client._socket.ReceiveTimeout = 10_000;
        try
        {
            client._socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            client._socket.Connect(server);
            client._socket.Send(Encoding.Latin1.GetBytes(request));
            return client._socket.Receive(new byte[4096]);
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    public static string Get(string path, params string[] headers) => Request("GET", path, headers);

    public static string Head(string path, params string[] headers) => Request("HEAD", path, headers);

    public static string Request(string method, string path, params string[] headers) =>
        $"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n";

    public async Task SendAsync(string text) =>
        await _socket.SendAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);

    /// <summary>What one recv gives; empty at the end.</summary>
    public async Task<byte[]> ReceiveAsync(int most = 1024 * 1024)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var buffer = new byte[most];
        return buffer[..await _socket.ReceiveAsync(buffer, limit.Token)];
    }

    /// <summary>Reads on until the server closes. A reset counts as the end.</summary>
    public async Task<byte[]> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        all.Write(_ahead);
        _ahead = [];
        try
        {
            while (await ReceiveAsync() is { Length: > 0 } part)
            {
                all.Write(part);
            }
        }
        catch (SocketException)
        {
        }

        return all.ToArray();
    }

    /// <exception cref="EndOfStreamException">The server closed before the response was whole.</exception>
    public async Task<RawResponse> ReadAsync(bool isHead = false)
    {
        using var received = new MemoryStream();
        received.Write(_ahead);
        int end;
        while ((end = received.GetBuffer().AsSpan(0, (int)received.Length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await MoreAsync(received);
        }

        var block = Encoding.Latin1.GetString(received.GetBuffer(), 0, end + 4);
        var head = new RawResponse(block, []);
        var length = isHead || head.Status == 304 ? 0 : int.Parse(head["Content-Length"] ?? "0", CultureInfo.InvariantCulture);
        while (received.Length < end + 4 + length)
        {
            await MoreAsync(received);
        }

        var bytes = received.ToArray();
        _ahead = bytes[(end + 4 + length)..];
        return head with { Body = bytes[(end + 4)..(end + 4 + length)] };
    }

    public void Dispose() => _socket.Dispose();

    private async Task MoreAsync(MemoryStream received)
    {
        var part = await ReceiveAsync();
        if (part.Length == 0)
        {
            throw new EndOfStreamException($"The server closed after {received.Length} bytes.");
        }

        received.Write(part);
    }
}

/// <param name="Block">Status line and headers with the empty line, as received.</param>
/// <param name="Body">As many bytes as Content-Length says.</param>
internal sealed record RawResponse(string Block, byte[] Body)
{
    public int Status => int.Parse(Block.AsSpan(9, 3), CultureInfo.InvariantCulture);

    /// <summary>All but the date, which alone may differ between two equal answers.</summary>
    public string[] Lines => [.. Block.Split("\r\n").Where(line => !line.StartsWith("Date:", StringComparison.Ordinal))];

    public string? this[string header] =>
        Lines.FirstOrDefault(line => line.StartsWith(header + ": ", StringComparison.OrdinalIgnoreCase))?[(header.Length + 2)..];
}
