using System.CommandLine;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Commands and options as documents write them. Pure.</summary>
internal static class Usage
{
    private static readonly string[] OfEachSite = ["--socket", "--config", "--server", "--token-file", "--ca-file", "--json", "--quiet"];

    /// <summary>Those that every verb has which asks a site; documents say them once.</summary>
    public static IReadOnlyList<Option> SiteOptions(RootCommand root) =>
        [.. root.Verbs().First(AsksSite).Options.Where(o => OfEachSite.Contains(o.Name))];

    public static bool AsksSite(Command command) => OfEachSite.All(name => command.Options.Any(o => o.Name == name));

    /// <summary>What no other verb has alike.</summary>
    public static IEnumerable<Option> OwnOptions(Command command) =>
        command.Options.Where(o => !o.Hidden && !(AsksSite(command) && OfEachSite.Contains(o.Name)));

    /// <summary>Such as: trust add-site REQUEST.</summary>
    public static string Of(Command command) => string.Join(' ', command.Names().Concat(command.Arguments.Select(Of)));

    /// <summary>Such as: --timeout TIME.</summary>
    public static string Of(Option option) => TypedWords.TakesValue(option) ? $"{option.Name} {option.HelpName}" : option.Name;

    private static string Of(Argument argument)
    {
        var name = (argument.HelpName ?? argument.Name.ToUpperInvariant()) + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
        return argument.Arity.MinimumNumberOfValues == 0 || argument.HasDefaultValue ? $"[{name}]" : name;
    }
}
