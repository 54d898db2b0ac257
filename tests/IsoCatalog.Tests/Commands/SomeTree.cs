using System.CommandLine;
using IsoCatalog.Appliance;
using IsoCatalog.Appliance.Commands;

namespace IsoCatalog.Tests.Commands;

/// <summary>The commands of the program, all of them.</summary>
internal static class SomeTree
{
    public static RootCommand Root { get; } = Program.Tree(new CommandDefaults("/etc/isocatalog/site.yaml", null, TimeProvider.System));

    public static IEnumerable<Command> Everything => Of(Root);

    public static IReadOnlyList<string> Mistakes(params string[] words) => Appliance.Commands.Mistakes.Of(Root.Parse(words), words);

    private static IEnumerable<Command> Of(Command command) => command.Subcommands.SelectMany(c => Of(c).Prepend(c));
}
