using System.Globalization;
using System.Text.RegularExpressions;

namespace IsoCatalog.Simulators.Engine;

/// <summary>As much of the engine's search language as a client of storage domains needs: <c>key=value and key=value page N</c>.</summary>
internal sealed partial record SearchQuery(IReadOnlyList<(string Key, Regex Value)> Terms, int Page)
{
    private static readonly TimeSpan MatchTime = TimeSpan.FromSeconds(1);

    public static SearchQuery Everything { get; } = new([], 1);

    /// <param name="caseSensitive">The documentation says true by default; the code says false.</param>
    /// <returns>Null: it cannot be read.</returns>
    public static SearchQuery? Parse(string? text, bool caseSensitive)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }

        var page = 1;
        if (PageAtTheEnd().Match(text) is { Success: true } paged)
        {
            page = int.Parse(paged.Groups["page"].ValueSpan, CultureInfo.InvariantCulture);
            text = text[..paged.Index];
        }

        var terms = new List<(string, Regex)>();
        foreach (var part in text.Split(" and ", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (Term().Match(part) is not { Success: true } term)
            {
                return null;
            }

            var pattern = $"^{Regex.Escape(term.Groups["value"].Value).Replace("\\*", ".*", StringComparison.Ordinal)}$";
            terms.Add((term.Groups["key"].Value.ToLowerInvariant(), new Regex(pattern, caseSensitive ? RegexOptions.None : RegexOptions.IgnoreCase, MatchTime)));
        }

        return new SearchQuery(terms, page);
    }

    /// <param name="valuesOf">The values of a key; null where there is no such key.</param>
    /// <returns>Null: a key does not exist.</returns>
    public IReadOnlyList<T>? Among<T>(IEnumerable<T> things, Func<T, string, IEnumerable<string>?> valuesOf, int? max)
    {
        var found = new List<T>();
        foreach (var thing in things)
        {
            var fits = true;
            foreach (var (key, value) in Terms)
            {
                if (valuesOf(thing, key) is not { } values)
                {
                    return null;
                }

                fits &= values.Any(v => value.IsMatch(v));
            }

            if (fits)
            {
                found.Add(thing);
            }
        }

        return [.. found.Skip((Page - 1) * (max ?? 0)).Take(max ?? int.MaxValue)];
    }

    [GeneratedRegex(@"\s*\bpage\s+(?<page>[1-9][0-9]{0,5})\s*$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase)]
    private static partial Regex PageAtTheEnd();

    [GeneratedRegex("^(?<key>[a-z_]+)\\s*=\\s*(\"(?<value>[^\"]*)\"|(?<value>[^\"\\s]+))$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase)]
    private static partial Regex Term();
}
