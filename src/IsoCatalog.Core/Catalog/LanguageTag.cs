using System.Text.RegularExpressions;

namespace IsoCatalog.Core.Catalog;

/// <summary>Tags of languages (RFC 5646), by their form: whether one is registered is nobody's business here.</summary>
public static partial class LanguageTag
{
    /// <summary>What a query member <c>lang</c> means.</summary>
    public const string Meaning = "The language of titles, as a tag such as pt-BR: where an image has none in it, the title in pt is shown, then that in en, then any.";

    private const int MaxShown = 40;

    public static bool IsValid(string tag) => Form().IsMatch(tag);

    /// <summary>In words why titles cannot be asked for in it; null when they can, or it is not given.</summary>
    public static string? Objection(string? tag) => tag is null || IsValid(tag)
        ? null
        : $"lang is '{ShownText.Cut(tag, MaxShown)}', which is no language; a language is one tag such as en or pt-BR.";

    /// <summary>The tag, then what is left of it as subtags go from its end, as RFC 4647 looks up (section 3.4): with one goes a single letter or digit before it.</summary>
    public static IEnumerable<string> Lookup(string? tag)
    {
        while (tag is { Length: > 0 })
        {
            yield return tag;
            tag = tag[..Math.Max(0, tag.LastIndexOf('-'))];
            if (tag.Length > 2 && tag[^2] == '-')
            {
                tag = tag[..^2];
            }
        }
    }

    [GeneratedRegex(@"\A(?=.{1,35}\z)[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Form();
}
