using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace IsoCatalog.Core.Images;

/// <summary>
/// A regular expression of osinfo-db, which is written for PCRE (libosinfo matches it with GRegex, unanchored and by case). What .NET spells otherwise is translated. A match that takes too long is
/// broken off. Immutable, thread-safe.
/// </summary>
public sealed class RulePattern
{
    /// <summary>Characters.</summary>
    public const int MaxLength = 1000;

    /// <summary>For one text of at most 128 characters, which takes a thousandth of it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(250);

    private readonly string _translated;

    private RulePattern(string text, string translated) => (Text, _translated) = (text, translated);

    /// <summary>As it stands in the rule.</summary>
    public string Text { get; }

    /// <param name="problem">Why it is not understood.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out RulePattern? pattern, out string problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        (pattern, problem) = (null, "");
        if (text.Length > MaxLength)
        {
            problem = $"it has {text.Length} characters, {MaxLength} are allowed";
            return false;
        }

        try
        {
            var parsed = new RulePattern(text, Translated(text));
            _ = parsed.Compiled();
            pattern = parsed;
            return true;
        }
        catch (ArgumentException e)
        {
            problem = e.Message;
            return false;
        }
    }

    /// <returns>The first group, or all that was found where there is none; null when it does not match.</returns>
    /// <exception cref="RegexMatchTimeoutException">It took too long.</exception>
    public string? Find(string text)
    {
        var match = Compiled().Match(text);
        return !match.Success ? null : match.Groups.Count > 1 && match.Groups[1].Success ? match.Groups[1].Value : match.Value;
    }

    /// <summary>Neither kept nor made linear: thousands of automata cost more memory and time than the few adds of a day are worth.</summary>
    private Regex Compiled() => new(_translated, RegexOptions.CultureInvariant, Limit);

    /// <summary>The same in .NET's dialect, as far as the two differ; what neither knows is refused by the parser afterwards.</summary>
    internal static string Translated(string text)
    {
        var written = new StringBuilder(text.Length + 16);
        var quantified = false;
        for (var at = 0; at < text.Length;)
        {
            var from = at;
            var was = quantified;
            quantified = false;
            switch (text[at])
            {
                case '\\' when text[at..].StartsWith(@"\Q", StringComparison.Ordinal):
                    var end = text.IndexOf(@"\E", at, StringComparison.Ordinal) is >= 0 and var found ? found : text.Length;
                    written.Append(Regex.Escape(text[(at + 2)..end]));
                    at = Math.Min(end + 2, text.Length);
                    break;
                case '\\' when at + 1 < text.Length:
                    written.Append(Class(text[at + 1]) is { } members ? $"[{members}]" : Escape(text[at + 1]));
                    at += 2;
                    break;
                case '[':
                    at = CopySet(text, at, written);
                    break;
                case '(' when text[at..].StartsWith("(?P<", StringComparison.Ordinal):
                    written.Append("(?<");
                    at += 4;
                    break;
                case '(' when at + 1 < text.Length && text[at + 1] == '?':
                    written.Append("(?");
                    at += 2;
                    break;

                // Possessive: what is matched is the same or more, which is as good here.
                case '+' when was:
                    at++;
                    break;
                case '?' when was:
                    written.Append('?');
                    at++;
                    break;
                case '*' or '+' or '?':
                case '{' when IsQuantifier(text.AsSpan(at)):
                    at = text[at] == '{' ? text.IndexOf('}', at) + 1 : at + 1;
                    written.Append(text, from, at - from);
                    quantified = true;
                    break;
                default:
                    written.Append(text[at++]);
                    break;
            }
        }

        return written.ToString();
    }

    /// <returns>Behind the set. One that does not end is copied to the end, and refused by the parser.</returns>
    private static int CopySet(string text, int at, StringBuilder written)
    {
        written.Append('[');
        at++;
        if (at < text.Length && text[at] == '^')
        {
            written.Append('^');
            at++;
        }

        for (var first = true; at < text.Length && (first || text[at] != ']'); first = false)
        {
            if (text[at] == '[' && NamedClass(text.AsSpan(at)) is var (members, length) && members.Length > 0)
            {
                written.Append(members);
                at += length;
            }
            else if (text[at] == '\\' && at + 1 < text.Length)
            {
                written.Append(text[at + 1] is 'd' or 'w' or 's' or 'h' ? Class(text[at + 1]) : Escape(text[at + 1]));
                at += 2;
            }
            else
            {
                // An opening bracket is one of the set, and never begins a subtraction.
                written.Append(text[at] is '[' or ']' ? "\\" : "").Append(text[at]);
                at++;
            }
        }

        if (at < text.Length)
        {
            written.Append(']');
            at++;
        }

        return at;
    }

    private static (string Members, int Length) NamedClass(ReadOnlySpan<char> text)
    {
        var end = text.StartsWith("[:") ? text[2..].IndexOf(":]") + 2 : 0;
        return end < 2 ? ("", 0) : (text[2..end] switch
        {
            "alpha" => "A-Za-z",
            "digit" => "0-9",
            "alnum" => "0-9A-Za-z",
            "upper" => "A-Z",
            "lower" => "a-z",
            "space" => @" \t\r\n\f\v",
            "blank" => @" \t",
            "punct" => @"!-/:-@\[-`{-~",
            "xdigit" => "0-9A-Fa-f",
            "word" => "0-9A-Za-z_",
            "print" => " -~",
            "graph" => "!-~",
            "cntrl" => @"\x00-\x1F\x7F",
            _ => "",
        }, end + 2);
    }

    private static string? Class(char letter) => letter switch
    {
        'd' => "0-9",
        'D' => "^0-9",
        'w' => "0-9A-Za-z_",
        'W' => "^0-9A-Za-z_",
        's' => @" \t\r\n\f\v",
        'S' => @"^ \t\r\n\f\v",
        'h' => @" \t",
        'H' => @"^ \t",
        _ => null,
    };

    /// <summary>.NET knows no escaped underline.</summary>
    private static string Escape(char letter) => letter == '_' ? "_" : $"\\{letter}";

    /// <summary>{n}, {n,} or {n,m}; any other brace is itself.</summary>
    private static bool IsQuantifier(ReadOnlySpan<char> text)
    {
        var end = text.IndexOf('}');
        if (end < 2 || !char.IsAsciiDigit(text[1]))
        {
            return false;
        }

        var comma = false;
        foreach (var c in text[1..end])
        {
            if (c == ',' && !comma)
            {
                comma = true;
            }
            else if (!char.IsAsciiDigit(c))
            {
                return false;
            }
        }

        return true;
    }
}
