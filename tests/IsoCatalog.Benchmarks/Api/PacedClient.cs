using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace IsoCatalog.Benchmarks.Api;

/// <summary>
/// Sends the same GET at a fixed rate, whether earlier answers are there or not (open loop). The time of an answer counts from when its request
/// was due, so that a server which stalls is charged for everything that had to wait meanwhile.
/// </summary>
internal sealed partial class PacedClient(IPEndPoint server, string path, string headers, int rate)
{
    // As many as a reverse proxy keeps open to one server. Each has a thread that waits in the kernel.
    private const int Connections = 32;
    private const int ReadLength = 256 << 10;
    private const int ClockMonotonic = 1;
    private const int AbsoluteTime = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly byte[] _request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {server}\r\n{headers}\r\n");
    private long _next;

    /// <returns>The time within which 99 of 100 requests were answered to the last byte, in ms.</returns>
    /// <exception cref="BenchmarkException">An answer was not 200 or not whole, or the server could not keep up.</exception>
    public async Task<double> P99Async(TimeSpan warmUp, TimeSpan duration, CancellationToken cancellationToken)
    {
        var skipped = (long)(warmUp.TotalSeconds * rate);
        var latencies = new long[(long)(duration.TotalSeconds * rate)];
        _next = -skipped;
        var start = Stopwatch.GetTimestamp() + ((skipped + rate) * Stopwatch.Frequency / rate);
        var clients = Enumerable.Range(0, Connections)
            .Select(_ => Task.Factory.StartNew(
                () => Ask(start, latencies, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default))
            .ToList();
        try
        {
            await Task.WhenAll(clients);
        }
        catch (SocketException broken)
        {
            throw new BenchmarkException($"http://{server}{path}: {broken.Message}");
        }

        Array.Sort(latencies);
        return latencies[(int)(latencies.Length * 0.99)] * 1000.0 / Stopwatch.Frequency;
    }

    private void Ask(long start, long[] latencies, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        socket.Connect(server);
        var buffer = new byte[ReadLength];
        while (!cancellationToken.IsCancellationRequested && Interlocked.Increment(ref _next) - 1 is var index && index < latencies.Length)
        {
            var due = start + (index * Stopwatch.Frequency / rate);
            SleepUntil(due);
            socket.Send(_request);
            Receive(socket, buffer);
            if (index >= 0)
            {
                latencies[index] = Stopwatch.GetTimestamp() - due;
            }
        }
    }

    private void Receive(Socket socket, byte[] buffer)
    {
        int head;
        var read = 0;
        do
        {
            var more = socket.Receive(buffer.AsSpan(read));
            read = more > 0 ? read + more : throw Wrong("the connection was closed");
            head = buffer.AsSpan(0, read).IndexOf("\r\n\r\n"u8);
        }
        while (head < 0);

        var text = Encoding.ASCII.GetString(buffer, 0, head + 2);
        if (!text.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) || LengthOf(text) is not { } length)
        {
            throw Wrong($"not 200 with a length: {text}");
        }

        for (var left = length - (read - head - 4); left > 0;)
        {
            var more = socket.Receive(buffer.AsSpan(0, (int)Math.Min(buffer.Length, left)));
            left = more > 0 ? left - more : throw Wrong("the answer was cut short");
        }
    }

    private static long? LengthOf(string head)
    {
        const string Name = "\r\nContent-Length: ";
        var from = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        return from < 0 ? null : long.Parse(head.AsSpan(from + Name.Length, head.IndexOf('\r', from + Name.Length) - from - Name.Length));
    }

    private BenchmarkException Wrong(string what) => new($"http://{server}{path}: {what}");

    // The timers of .NET count in ms; at 2,000 requests/s that would bunch them.
    private static void SleepUntil(long timestamp)
    {
        var nanoseconds = timestamp * (1_000_000_000 / Stopwatch.Frequency);
        var until = new TimeSpec(nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
        while (Stopwatch.GetTimestamp() < timestamp && ClockNanosleep(ClockMonotonic, AbsoluteTime, in until, 0) != 0)
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int ClockNanosleep(int clock, int flags, in TimeSpec until, nint left);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);
}
