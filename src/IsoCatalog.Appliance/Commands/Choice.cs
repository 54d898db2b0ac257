using System.CommandLine;
using System.CommandLine.Parsing;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Options and arguments that take one of a few words: help and completion show them, and so does whoever gets another one.</summary>
internal static class Choice
{
    /// <summary>The members of an enumeration, in lower case.</summary>
    public static Option<T> Option<T>(string name, string description)
        where T : struct, Enum
    {
        var words = Enum.GetNames<T>().Select(n => n.ToLowerInvariant()).ToList();
        var option = new Option<T>(name) { HelpName = string.Join('|', words), Description = description };
        option.CustomParser = result => One(result, name, words) is { } word ? Enum.Parse<T>(word, ignoreCase: true) : default;
        return Offering(option, words);
    }

    public static Option<string?> Option(string name, IReadOnlyList<string> words, string description)
    {
        var option = new Option<string?>(name) { HelpName = string.Join('|', words), Description = description };
        option.CustomParser = result => One(result, name, words);
        return Offering(option, words);
    }

    public static Argument<string> Argument(string name, IReadOnlyList<string> words, string description)
    {
        var argument = new Argument<string>(name) { HelpName = name.ToUpperInvariant(), Description = $"{description} {string.Join(", ", words.SkipLast(1))} or {words[^1]}." };
        argument.CustomParser = result => One(result, name, words);
        argument.CompletionSources.Clear();
        argument.CompletionSources.Add([.. words]);
        return argument;
    }

    /// <summary>The library would offer an enumeration's names as they are written in the program.</summary>
    private static Option<T> Offering<T>(Option<T> option, IReadOnlyList<string> words)
    {
        option.CompletionSources.Clear();
        option.CompletionSources.Add([.. words]);
        return option;
    }

    private static string? One(ArgumentResult result, string name, IReadOnlyList<string> words)
    {
        var given = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (words.Contains(given))
        {
            return given;
        }

        var meant = Suggestion.For(given, words);
        result.AddError($"{name} {Quote.Of(given)}: it may be {string.Join(", ", words.SkipLast(1))} or {words[^1]}.{(meant is null ? "" : $" Did you mean {meant}?")}");
        return null;
    }
}
