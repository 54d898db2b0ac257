using System.Globalization;
using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration.Values;

/// <summary>Readers of durations, sizes and rates.</summary>
internal static partial class Quantities
{
    private const string SizeUnits = "B, kB, KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024)";

    [GeneratedRegex(@"\A(?<number>[0-9]{1,9})(?<unit>ms|s|m|h|d)\z", RegexOptions.None, 1000)]
    private static partial Regex DurationForm();

    [GeneratedRegex(@"\A(?<number>[0-9]{1,18})(?<unit>|B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)\z", RegexOptions.None, 1000)]
    private static partial Regex SizeForm();

    [GeneratedRegex(@"\A(?<number>[0-9]{1,9}) ?(?<unit>[kKMG])(?:bit/s|bits/s|bps|b/s)\z", RegexOptions.None, 1000)]
    private static partial Regex BitRateForm();

    /// <summary>A whole number and ms, s, m, h or d; at most ten years.</summary>
    public static string? Duration(Node.Scalar scalar, out TimeSpan value)
    {
        value = default;
        if (DurationForm().Match(scalar.Text) is not { Success: true } match)
        {
            return scalar.Kind == ScalarKind.Integer
                ? $"{Quote.Of(scalar.Text)} has no unit. Write {Quote.Short(scalar.Text)}s, {Quote.Short(scalar.Text)}m,"
                    + $" {Quote.Short(scalar.Text)}h or {Quote.Short(scalar.Text)}d."
                : $"{Quote.Of(scalar.Text)} is not a duration: a whole number and ms, s, m, h or d, such as 10s, 5m, 12h, 30d.";
        }

        var number = long.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
        var unit = match.Groups["unit"].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(1),
            "s" => TimeSpan.FromSeconds(1),
            "m" => TimeSpan.FromMinutes(1),
            "h" => TimeSpan.FromHours(1),
            _ => TimeSpan.FromDays(1),
        };
        if (number > TimeSpan.FromDays(3650) / unit)
        {
            return $"{Quote.Of(scalar.Text)} is longer than ten years (3650d).";
        }

        value = number * unit;
        return null;
    }

    /// <summary>A duration within limits, both included.</summary>
    public static ValueReader<TimeSpan> DurationBetween(TimeSpan least, TimeSpan most) => (scalar, out value) =>
        Duration(scalar, out value)
        ?? (value < least ? $"{Quote.Of(scalar.Text)} is too short; the least is {Show(least)}."
            : value > most ? $"{Quote.Of(scalar.Text)} is too long; the most is {Show(most)}."
            : null);

    /// <summary>Bytes: a whole number and a unit; a bare number is bytes.</summary>
    public static string? Size(Node.Scalar scalar, out long value) => Bytes(scalar.Text, out value)
        ? null
        : $"{Quote.Of(scalar.Text)} is not a size: a whole number and {SizeUnits}, such as 200GiB{Meant(scalar.Text)}.";

    public static string? SizeAboveZero(Node.Scalar scalar, out long value) =>
        Size(scalar, out value) ?? (value > 0 ? null : "This must be more than 0.");

    /// <summary>Bytes per second: a size and <c>/s</c>; 0 for no limit.</summary>
    public static string? Rate(Node.Scalar scalar, out long value)
    {
        value = 0;
        if (scalar.Text == "0")
        {
            return null;
        }

        if (scalar.Text.EndsWith("/s", StringComparison.Ordinal) && Bytes(scalar.Text[..^2], out value))
        {
            return null;
        }

        if (BitRateForm().Match(scalar.Text) is { Success: true } bits)
        {
            var number = long.Parse(bits.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
            var unit = bits.Groups["unit"].Value;
            return $"Rates are in bytes, not bits: write {number * 1000 / 8}{(unit == "G" ? "MB" : unit == "M" ? "kB" : "B")}/s for"
                + $" {Quote.Of(scalar.Text)}.";
        }

        return $"{Quote.Of(scalar.Text)} is not a rate: a size and /s, such as 50MB/s, or 0 for no limit.";
    }

    /// <summary>A size as in the file; false for what is none.</summary>
    public static bool Bytes(string text, out long value)
    {
        value = 0;
        if (SizeForm().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var factor = match.Groups["unit"].Value switch
        {
            "" or "B" => 1L,
            "kB" or "KB" => 1000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            "KiB" => 1L << 10,
            "MiB" => 1L << 20,
            "GiB" => 1L << 30,
            _ => 1L << 40,
        };
        var number = long.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
        if (number > long.MaxValue / factor)
        {
            return false;
        }

        value = number * factor;
        return true;
    }

    private static string Meant(string text)
    {
        var digits = new string([.. text.TakeWhile(char.IsAsciiDigit)]);
        string[] units = ["B", "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"];
        var unit = text[digits.Length..].Trim();
        unit = units.FirstOrDefault(u => string.Equals(u, unit, StringComparison.OrdinalIgnoreCase))
            ?? units.FirstOrDefault(u => u.Length == 3 && unit.Length == 1 && char.ToUpperInvariant(unit[0]) == u[0]);
        return digits.Length is > 0 and < 19 && unit is not null ? $". Did you mean {digits}{unit}?" : "";
    }

    private static string Show(TimeSpan span) =>
        span.TotalDays >= 1 ? $"{span.TotalDays:0}d" : span.TotalMinutes >= 1 ? $"{span.TotalMinutes:0}m" : $"{span.TotalSeconds:0}s";
}
