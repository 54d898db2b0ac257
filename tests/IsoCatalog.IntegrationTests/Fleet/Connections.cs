using System.Globalization;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>The TCP connections that stand between two processes of this machine, as the kernel has them (proc(5)).</summary>
internal static class Connections
{
    private const string Established = "01";

    /// <summary>Each by its two ends, as the kernel writes them.</summary>
    public static IReadOnlySet<(string Local, string Remote)> Between(int one, int other)
    {
        var theirs = Of(other).Select(c => (c.Remote, c.Local)).ToHashSet();
        return Of(one).Where(theirs.Contains).ToHashSet();
    }

    private static IEnumerable<(string Local, string Remote)> Of(int process)
    {
        var sockets = Directory.GetFiles($"/proc/{process}/fd").Select(Target).Where(t => t.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(t => long.Parse(t[8..^1], CultureInfo.InvariantCulture)).ToHashSet();
        return new[] { "tcp", "tcp6" }.SelectMany(table => File.ReadAllLines($"/proc/{process}/net/{table}").Skip(1))
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f[3] == Established && sockets.Contains(long.Parse(f[9], CultureInfo.InvariantCulture)))
            .Select(f => (AsFour(f[1]), AsFour(f[2])));
    }

    /// <summary>A socket of either family may carry IPv4; then its address stands in the last four bytes.</summary>
    private static string AsFour(string end) => end[^"0100007F:0000".Length..];

    private static string Target(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
