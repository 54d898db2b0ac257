using System.Globalization;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>A key of the file, as a reload sees it.</summary>
/// <param name="Path">Such as <c>listen.api</c>; <c>surfaces[].allow</c> for each item of a list. It stands for every key below it too.</param>
/// <param name="Text">Its value: equal texts are equal values. It is shown, so it holds no secret.</param>
/// <param name="Take">The first configuration with the value of the second; null for what a running site cannot change.</param>
internal sealed record Setting(string Path, Func<SiteConfiguration, string> Text, Func<SiteConfiguration, SiteConfiguration, SiteConfiguration>? Take = null)
{
    public static Setting Fixed(string path, Func<SiteConfiguration, object?> value) => new(path, site => TextOf(value(site)));

    public static Setting Live(string path, Func<SiteConfiguration, object?> value, Func<SiteConfiguration, SiteConfiguration, SiteConfiguration> take) =>
        new(path, site => TextOf(value(site)), take);

    /// <summary>In the words of the file, as far as there is one word for it.</summary>
    public static string TextOf(object? value) => value switch
    {
        null => "none",
        string text => text,
        Enum word => word.ToString().ToLowerInvariant(),
        bool yes => yes ? "true" : "false",
        TimeZoneInfo zone => zone.Id,
        System.Net.DnsEndPoint at => $"{at.Host}:{at.Port}",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        System.Collections.IEnumerable list => string.Join(", ", list.Cast<object?>().Select(TextOf)) is { Length: > 0 } all ? all : "none",
        _ => value.ToString() ?? "none",
    };
}
