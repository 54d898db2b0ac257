using System.Text;

namespace IsoCatalog.Appliance.Configuration.Yaml;

/// <summary>Shows the file's own words in a message: on one line, without control characters, not too long.</summary>
internal static class Quote
{
    private const int MaxShown = 60;

    public static string Of(string text) => $"'{Short(text)}'";

    public static string Short(string text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= MaxShown)
            {
                return shown.Append('…').ToString();
            }

            shown.Append(Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 || Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.Format
                ? "\\u" + rune.Value.ToString("x4", System.Globalization.CultureInfo.InvariantCulture)
                : rune.ToString());
        }

        return shown.ToString();
    }

    /// <summary>Ends with a full stop.</summary>
    public static string Sentence(string text)
    {
        var shown = new string([.. text.Take(200).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return shown.EndsWith('.') ? shown : shown + ".";
    }
}
