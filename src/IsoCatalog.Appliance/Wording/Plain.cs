using System.Globalization;
using System.Text;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Wording;

/// <summary>Values as people read them on a terminal.</summary>
internal static class Plain
{
    /// <summary>Text from a site or from a file name, with everything that could command the terminal replaced.</summary>
    public static string Text(string? text)
    {
        if (text is null || !text.Any(IsCommanding))
        {
            return text ?? "";
        }

        var clean = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            clean.Append(c is '\n' or '\t' ? ' ' : IsCommanding(c) ? '\uFFFD' : c);
        }

        return clean.ToString();
    }

    public static string Size(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => $"{bytes / 1024.0:0.0} KiB",
        < 1 << 30 => $"{bytes / (double)(1 << 20):0.0} MiB",
        < 1L << 40 => $"{bytes / (double)(1 << 30):0.0} GiB",
        _ => $"{bytes / (double)(1L << 40):0.0} TiB",
    };

    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 0 } => "0 s",
        { TotalSeconds: < 10 } => $"{span.TotalSeconds:0.0} s",
        { TotalMinutes: < 2 } => $"{span.TotalSeconds:0} s",
        { TotalHours: < 2 } => $"{span.TotalMinutes:0} min",
        { TotalDays: < 2 } => $"{span.TotalHours:0} h",
        _ => $"{span.TotalDays:0} d",
    };

    /// <param name="share">0 to 1.</param>
    /// <param name="length">Between its brackets.</param>
    public static string Bar(double share, int length = 16)
    {
        var full = (int)(Math.Clamp(share, 0, 1) * length);
        return $"[{new string('#', full)}{new string('.', length - full)}] {Percent(share)}";
    }

    /// <param name="share">0 to 1. Nothing is 100 % before it is done.</param>
    public static string Percent(double share) => $"{Math.Floor(Math.Clamp(share, 0, 1) * 100):0} %";

    public static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Enough digits to name the image again.</summary>
    public static string Short(ImageId id) => id.Sha256.ToString()[..12];

    // U+2028 to U+202E and U+2066 to U+2069 break or reorder a line.
    private static bool IsCommanding(char c) => char.IsControl(c) || c is (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
