namespace IsoCatalog.Appliance.Telemetry;

/// <summary>Names in the Prometheus data model from names and units of instruments (UCUM), by the rules that OpenTelemetry uses for it.</summary>
internal static class PrometheusName
{
    private const string Total = "_total";

    public static string OfMetric(string instrument, string? unit, bool isCounter)
    {
        var name = Letters(instrument);
        name = isCounter && name.EndsWith(Total, StringComparison.Ordinal) ? name[..^Total.Length] : name;
        if (Suffix(unit, isCounter) is { } suffix && !name.EndsWith(suffix, StringComparison.Ordinal))
        {
            name += suffix;
        }

        return isCounter ? name + Total : name;
    }

    /// <summary><c>[a-zA-Z_][a-zA-Z0-9_]*</c>; whatever else becomes '_'.</summary>
    public static string OfLabel(string tag) => Letters(tag);

    private static string Letters(string text)
    {
        var name = string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return name.Length == 0 || char.IsAsciiDigit(name[0]) ? "_" + name : name;
    }

    private static string? Suffix(string? unit, bool isCounter) => unit switch
    {
        null or "" or ['{', ..] => null,
        "1" => isCounter ? null : "_ratio",
        "By" => "_bytes",
        "s" => "_seconds",
        "By/s" => "_bytes_per_second",
        _ => "_" + Letters(unit),
    };
}
