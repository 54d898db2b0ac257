using System.Diagnostics.Metrics;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>Names in the Prometheus data model from names and units of instruments (UCUM), by the rules that OpenTelemetry uses for it.</summary>
internal static class PrometheusName
{
    public static string OfMetric(Instrument instrument, string type)
    {
        var name = Letters(instrument.Name, allowColon: true);
        if (Unit(instrument.Unit, type) is { } unit && !name.EndsWith("_" + unit, StringComparison.Ordinal))
        {
            name = type == "counter" && name.EndsWith("_total", StringComparison.Ordinal) ? $"{name[..^6]}_{unit}" : $"{name}_{unit}";
        }

        return type == "counter" && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    /// <summary><c>[a-zA-Z_][a-zA-Z0-9_]*</c>; whatever else becomes '_'.</summary>
    public static string OfLabel(string tag) => Letters(tag, allowColon: false);

    private static string Letters(string text, bool allowColon)
    {
        var letters = text.Select(c => char.IsAsciiLetterOrDigit(c) || (allowColon && c == ':') ? c : '_').ToArray();
        var name = new string(letters);
        return name.Length == 0 || char.IsAsciiDigit(name[0]) ? "_" + name : name;
    }

    private static string? Unit(string? unit, string type) => unit switch
    {
        null or "" => null,
        _ when unit.StartsWith('{') => null,
        "1" => type == "gauge" ? "ratio" : null,
        _ when unit.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash =>
            Unit(unit[(slash + 1)..], "") is { } per ? $"{Unit(unit[..slash], "")}_per_{Singular(per)}".TrimStart('_') : Unit(unit[..slash], ""),
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "%" => "percent",
        "Cel" => "celsius",
        "Hz" => "hertz",
        _ => Letters(unit, allowColon: false),
    };

    private static string Singular(string unit) => unit.EndsWith('s') ? unit[..^1] : unit;
}
