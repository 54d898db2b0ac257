using System.CommandLine;

namespace IsoCatalog.Appliance.Commands;

/// <summary>How far the words of a command line lead into the tree of commands. Pure.</summary>
/// <param name="Waiting">The option whose value comes next.</param>
/// <param name="Arguments">How many were given to the command.</param>
/// <param name="OnlyArguments">After --.</param>
/// <param name="Unknown">Words that look like options and are none of the command that was named by then.</param>
/// <param name="Given">Options that were given.</param>
internal sealed record TypedWords(
    Command Command, Option? Waiting, int Arguments, bool OnlyArguments, IReadOnlyList<(Command Command, string Word)> Unknown, IReadOnlyList<Option> Given)
{
    public static TypedWords Read(Command root, IEnumerable<string> words)
    {
        var (command, waiting, arguments, onlyArguments) = (root, (Option?)null, 0, false);
        var (unknown, given) = (new List<(Command, string)>(), new List<Option>());
        foreach (var word in words)
        {
            if (waiting is not null)
            {
                waiting = null;
            }
            else if (onlyArguments || !word.StartsWith('-') || word == "-")
            {
                if (!onlyArguments && arguments == 0 && command.Subcommands.FirstOrDefault(c => c.Name == word || c.Aliases.Contains(word)) is { } verb)
                {
                    command = verb;
                }
                else
                {
                    arguments++;
                }
            }
            else if (word == "--")
            {
                onlyArguments = true;
            }
            else if (Find(command, word.Split('=', 2)[0]) is { } option)
            {
                given.Add(option);
                waiting = TakesValue(option) && !word.Contains('=', StringComparison.Ordinal) ? option : null;
                if (!TakesValue(option) && word.Split('=', 2) is [_, not ("true" or "false")])
                {
                    unknown.Add((command, word));
                }
            }
            else if (word.StartsWith("--", StringComparison.Ordinal) || !word[1..].All(c => Find(command, "-" + c) is { } flag && !TakesValue(flag)))
            {
                unknown.Add((command, word));
            }
        }

        return new TypedWords(command, waiting, arguments, onlyArguments, unknown, given);
    }

    /// <summary>Those of the command, and those of its parents that hold for all beneath.</summary>
    public static IEnumerable<Option> OptionsOf(Command command) =>
        command.Options.Concat(ParentsOf(command).SelectMany(p => p.Options.Where(o => o.Recursive)));

    public static IEnumerable<Command> ParentsOf(Command command) =>
        command.Parents.OfType<Command>().SelectMany(p => ParentsOf(p).Prepend(p));

    public static bool TakesValue(Option option) => option.Arity.MinimumNumberOfValues > 0;

    private static Option? Find(Command command, string name) => OptionsOf(command).FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name));
}
