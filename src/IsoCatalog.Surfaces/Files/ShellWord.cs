using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace IsoCatalog.Surfaces.Files;

/// <summary>A path as an operator can paste it into a shell, and means that path and no other.</summary>
public static partial class ShellWord
{
    /// <summary>
    /// Quoted where it needs that. What would command the terminal, or is not seen, is written as bash reads it (<c>$'\001'</c>). A name that is no UTF-8 has such a word by <see cref="OfUndecoded"/> only.
    /// </summary>
    public static string Of(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Length > 0 && path.All(IsPlain) ? path
            : path.Any(NeedsEscape) ? $"$'{string.Concat(path.EnumerateRunes().Select(Escaped))}'"
            : $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    /// <summary>The same of a path with bytes that are no UTF-8, each of which stands as <c>\xE9</c> (<see cref="FolderEntry.Name"/>): bash reads them so too.</summary>
    public static string OfUndecoded(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var parts = Undecoded().Split(path);
        return $"$'{string.Concat(parts.Select(part => Undecoded().IsMatch(part) ? part : string.Concat(part.EnumerateRunes().Select(Escaped))))}'";
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

    [GeneratedRegex(@"(?<octet>\\x[0-9A-F]{2})", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Undecoded();
}
