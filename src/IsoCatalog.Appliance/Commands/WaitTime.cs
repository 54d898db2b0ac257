using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace IsoCatalog.Appliance.Commands;

/// <summary>A time to wait as one types it: 90s, 10m, 1h.</summary>
internal static partial class WaitTime
{
    public static TimeSpan Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (Form().Match(text) is not { Success: true } match)
        {
            result.AddError($"'{text}' is no time to wait: a whole number and s, m or h, such as 90s, 10m or 1h.");
            return default;
        }

        var number = int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
        return match.Groups["unit"].Value switch
        {
            "h" => TimeSpan.FromHours(number),
            "m" => TimeSpan.FromMinutes(number),
            _ => TimeSpan.FromSeconds(number),
        };
    }

    [GeneratedRegex(@"\A(?<number>[0-9]{1,6})(?<unit>s|m|h)\z", RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
