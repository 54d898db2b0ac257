using System.Net;

namespace IsoCatalog.Testing.Standard;

/// <summary>
/// Addresses of 127.0.0.0/8, each given out once: whoever has one to itself can be banned alone, and takes any port there without meeting
/// another test run.
/// </summary>
public static class Loopback
{
    private static int _next;

    public static IPAddress Next()
    {
        var number = Interlocked.Increment(ref _next);
        var run = Environment.ProcessId;
        return new IPAddress([127, (byte)(16 + run % 200), (byte)(1 + run / 200 % 25 * 10 + number / 250 % 10), (byte)(1 + number % 250)]);
    }
}
