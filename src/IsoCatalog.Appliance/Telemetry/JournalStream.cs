using System.Globalization;
using System.Text;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>What is written to systemd's journal: each line says how grave it is, by a prefix that the journal takes off (sd-daemon(3)).</summary>
internal static class JournalStream
{
    private const string StandardError = "/proc/self/fd/2";

    /// <param name="named">$JOURNAL_STREAM, "device:inode" of the stream that systemd gave the process it started; whoever has another stream inherited the variable alone (systemd.exec(5)).</param>
    public static bool IsStandardError(string? named) => named is not null && named == FileIdentity.Named(StandardError);

    /// <summary>Text of one or more lines, each of which is an entry of its own there; empty ones are left out.</summary>
    public static string Lines(LogLevel level, string text)
    {
        var lines = new StringBuilder(text.Length + 16);
        foreach (var line in text.Split('\n'))
        {
            if (line.TrimEnd('\r') is { Length: > 0 } said)
            {
                lines.Append(CultureInfo.InvariantCulture, $"<{Priority(level)}>{said}\n");
            }
        }

        return lines.ToString();
    }

    /// <summary>syslog(3).</summary>
    private static int Priority(LogLevel level) => level switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        _ => 7,
    };
}
