using System.Globalization;
using System.Text;

namespace IsoCatalog.Surfaces.Files;

/// <summary>A path as an operator can paste it into a shell, and means that path and no other.</summary>
public static class ShellWord
{
    /// <summary>
    /// Quoted where it needs that. What would command the terminal, or is not seen, is written as bash reads it (<c>$'\001'</c>). A name that is no UTF-8 has no such word.
    /// </summary>
    public static string Of(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Length > 0 && path.All(IsPlain) ? path
            : path.Any(NeedsEscape) ? $"$'{string.Concat(path.EnumerateRunes().Select(Escaped))}'"
            : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or '+' or ':' or ',' or '@' or '%';

    private static bool NeedsEscape(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string Escaped(Rune rune)
    {
        if (rune.Value is '\'' or '\\')
        {
            return "\\" + rune;
        }

        return rune.IsBmp && NeedsEscape((char)rune.Value)
            ? string.Concat(Encoding.UTF8.GetBytes(rune.ToString()).Select(b => "\\" + Convert.ToString(b, 8).PadLeft(3, '0')))
            : rune.ToString();
    }
}
