using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace IsoCatalog.Appliance.Commands;

/// <summary>A time in the past as one types it: 2026-11-29T13:00:00Z, or how long ago: 30m, 2h, 3d.</summary>
internal static partial class SinceTime
{
    public static DateTimeOffset Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (Form().Match(text) is { Success: true } match)
        {
            var number = int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
            return TimeProvider.System.GetUtcNow() - (match.Groups["unit"].Value switch
            {
                "d" => TimeSpan.FromDays(number),
                "h" => TimeSpan.FromHours(number),
                _ => TimeSpan.FromMinutes(number),
            });
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }

        result.AddError($"'{text}' is no time: write one such as 2026-11-29T13:00:00Z (UTC where it has no zone), or how long ago it was: 30m, 2h, 3d.");
        return default;
    }

    [GeneratedRegex(@"\A(?<number>[0-9]{1,4})(?<unit>m|h|d)\z", RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
