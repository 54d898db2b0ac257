using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Commands;

/// <summary>What is wrong with a command line, in words of whoever typed it. Pure.</summary>
internal static class Mistakes
{
    public static IReadOnlyList<string> Of(ParseResult parsed, IReadOnlyList<string> words)
    {
        var typed = TypedWords.Read(parsed.RootCommandResult.Command, words);
        var command = typed.Command;
        var mistakes = typed.Unknown.Select(u => UnknownOption(parsed.RootCommandResult.Command, u.Command, u.Word, Path(command))).ToList();
        var unread = parsed.UnmatchedTokens.Where(t => !t.StartsWith('-')).ToList();
        if (parsed.CommandResult.Command.Subcommands.Count > 0)
        {
            mistakes.Add(unread.Count == 0 ? $"{Called(command)} needs a verb." : UnknownVerb(parsed.RootCommandResult.Command, command, unread[0]));
            return mistakes;
        }

        // What belongs to an option that does not exist looks like one argument too many.
        if (mistakes.Count == 0)
        {
            mistakes.AddRange(unread.Select(word => $"{Called(command)} takes no {(command.Arguments.Count == 0 ? "argument" : "further argument")} {Quote.Of(word)}."));
        }

        foreach (var error in parsed.Errors.Where(e => e.SymbolResult is not CommandResult || !parsed.UnmatchedTokens.Any(t => e.Message.Contains($"'{t}'", StringComparison.Ordinal))))
        {
            if (error.SymbolResult is not ArgumentResult || mistakes.Count == 0 || typed.Unknown.Count == 0)
            {
                mistakes.Add(InWords(error));
            }
        }

        return mistakes;
    }

    /// <summary>The library names the type of the program that a value could not be turned into; nobody who types knows it.</summary>
    private static string InWords(ParseError error)
    {
        var (name, type, value) = error.SymbolResult switch
        {
            OptionResult result => (result.Option.Name, result.Option.ValueType, Last(result.Tokens)),
            ArgumentResult { Parent: OptionResult parent } result => (parent.Option.Name, result.Argument.ValueType, Last(result.Tokens)),
            ArgumentResult result => (result.Argument.HelpName ?? result.Argument.Name, result.Argument.ValueType, Last(result.Tokens)),
            _ => ("", typeof(string), null),
        };
        if (value is null && error.SymbolResult is OptionResult { Option: var empty } && TypedWords.TakesValue(empty))
        {
            return $"{name} needs a value: {empty.HelpName}.";
        }

        if (value is null && error.SymbolResult is ArgumentResult { Parent: CommandResult { Command: var verb } })
        {
            return $"{Called(verb)} needs {name}.";
        }

        var choices = error.SymbolResult is OptionResult { Option: var option } && TypedWords.TakesValue(option)
            ? option.GetCompletions(CompletionContext.Empty).Select(c => c.Label).ToList()
            : [];
        if (choices.Count > 0 && !error.Message.Contains(choices[0], StringComparison.Ordinal))
        {
            return $"{name} may be {string.Join(", ", choices.SkipLast(1))} or {choices[^1]}. {error.Message}";
        }

        if (!error.Message.Contains(type.ToString(), StringComparison.Ordinal) && !error.Message.Contains($"'{type.Name}'", StringComparison.Ordinal))
        {
            return error.Message;
        }

        var wanted = Nullable.GetUnderlyingType(type) ?? type;
        return $"{name} {Quote.Of(value ?? "")}: " + (
            wanted == typeof(int) || wanted == typeof(long) ? "a whole number is needed, and not too large a one."
            : wanted == typeof(bool) ? "it takes no value."
            : typeof(FileSystemInfo).IsAssignableFrom(wanted) ? "a path that is not empty is needed."
            : "that cannot be read.");
    }

    private static string? Last(IReadOnlyList<Token> tokens) => tokens.Count > 0 ? tokens[^1].Value : null;

    private static string UnknownVerb(Command root, Command command, string word)
    {
        var meant = Suggestion.For(word, command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)) is { } near
            ? $"{Path(command)} {near}"
            : root.Verbs().Where(c => c.Name == word).Select(Path).FirstOrDefault();
        return $"{Called(command)} has no verb {Quote.Of(word)}.{(meant is null ? "" : $" Did you mean `{meant}`?")}";
    }

    private static string UnknownOption(Command root, Command command, string word, string typedPath)
    {
        var name = word.Split('=', 2)[0];
        var known = TypedWords.OptionsOf(command).Where(o => !o.Hidden).ToList();
        if (known.Any(o => o.Name == name || o.Aliases.Contains(name)))
        {
            return $"{name} takes no value: give it or leave it out, not {Quote.Of(word)}.";
        }

        var elsewhere = name.StartsWith("--", StringComparison.Ordinal)
            ? root.Verbs().Where(c => c.Options.Any(o => !o.Hidden && o.Name == name)).Select(Path).ToList()
            : [];
        var hint = Suggestion.For(name, known.Select(o => o.Name)) is { } near ? $" Did you mean {near}?"
            : elsewhere.Count is 0 ? ""
            : command.Subcommands.Count > 0 ? $" Options come after the verb, as in `{(elsewhere.Contains(typedPath) ? typedPath : elsewhere[0])} {name}`."
            : $" It is an option of {string.Join(", ", elsewhere.Take(3).Select(p => $"`{p}`"))}{(elsewhere.Count > 3 ? " and others" : "")}.";
        return $"{Called(command)} has no option {Quote.Of(name)}.{hint}{(command.Arguments.Count > 0 && hint.Length == 0 ? $" A file of that name is written ./{word}." : "")}";
    }

    /// <summary>As one types it.</summary>
    private static string Path(Command command) => string.Join(' ', command.Names().Prepend("isocatalog"));

    private static string Called(Command command) => $"`{Path(command)}`";
}
