using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using IsoCatalog.Appliance.Wording;

namespace IsoCatalog.Appliance.Commands;

/// <summary>From the words of the command line to the exit code.</summary>
internal static class CommandLine
{
    /// <summary>How long a verb may take to end after Ctrl-C or SIGTERM before the process ends without it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>Such as trust, add-site.</summary>
    public static IEnumerable<string> Names(this Command command) =>
        TypedWords.ParentsOf(command).Reverse().Append(command).Where(c => c is not RootCommand).Select(c => c.Name);

    /// <summary>Those of a command that are no secret, and those beneath them.</summary>
    public static IEnumerable<Command> Verbs(this Command command) =>
        command.Subcommands.Where(c => !c.Hidden).SelectMany(c => c.Verbs().Prepend(c));

    /// <summary>Gives each value a name for help and manual, where its verb gave it none.</summary>
    public static RootCommand Named(RootCommand root)
    {
        foreach (var option in root.Verbs().SelectMany(v => v.Options).Where(TypedWords.TakesValue))
        {
            var type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
            option.HelpName ??= type == typeof(DirectoryInfo) ? "FOLDER" : type == typeof(FileInfo) ? "FILE" : type == typeof(int) ? "N" : option.Name.TrimStart('-').ToUpperInvariant();
        }

        return root;
    }

    public static async Task<int> RunAsync(RootCommand root, IReadOnlyList<string> arguments)
    {
        foreach (var option in root.Options.OfType<HelpOption>())
        {
            if (option.Action is HelpAction help)
            {
                option.Action = new HelpWithExamples(help);
            }
        }

        var parsed = root.Parse(arguments);
        if (parsed.Action is not HelpWithExamples && (parsed.Action is ParseErrorAction || TypedWords.Read(root, arguments).Unknown.Count > 0))
        {
            foreach (var mistake in Mistakes.Of(parsed, arguments))
            {
                await Console.Error.WriteLineAsync("error: " + Plain.Text(mistake));
            }

            var path = parsed.CommandResult.Command.Names().ToList();
            if (parsed.CommandResult.Command.Subcommands.Count > 0 && parsed.UnmatchedTokens.Count == 0)
            {
                // Nothing was said that could be wrong: it is shown what can be said.
                await root.Parse([.. path, "--help"]).InvokeAsync(new InvocationConfiguration { Output = Console.Error });
            }
            else
            {
                await Console.Error.WriteLineAsync($"Run `{string.Join(' ', path.Prepend("isocatalog"))} --help`.");
            }

            return ExitCode.Usage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = Grace });
    }
}
