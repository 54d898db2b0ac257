using System.CommandLine;
using System.CommandLine.Completions;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Commands;

/// <summary>
/// <c>isocatalog complete -- WORD...</c>: what the last word may become, for the scripts of <see cref="CompletionCommand"/>. One candidate a line, a tab, what it is; a line
/// <c>:files</c> where the shell knows better. It says nothing where it does not know, and never an error: somebody is typing.
/// </summary>
internal static class CompleteCommand
{
    private const string Files = ":files";

    /// <summary>Who presses a key waits no longer for a site.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly string[] FileNames = ["FILE", "FOLDER", "PATH", "REQUEST", "JOINFILE", "DRAFT", "DOCUMENT"];

    public static Command Build(CommandDefaults defaults)
    {
        var words = new Argument<string[]>("word") { HelpName = "WORD", Description = "The words after the program's name; the last is the one that is being typed.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Verb("complete", "Say what the last word may become.") { words };
        command.Hidden = true;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            foreach (var (value, about) in await CandidatesAsync(parsed.RootCommandResult.Command, parsed.GetValue(words) ?? [], defaults, cancellationToken))
            {
                Console.Out.WriteLine(about.Length == 0 ? value : $"{value}\t{Plain.Text(about)}");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task<IReadOnlyList<(string Value, string About)>> CandidatesAsync(
        Command root, string[] words, CommandDefaults defaults, CancellationToken cancellationToken)
    {
        var (before, current) = words is [.. var first, var last] ? (first, last) : ([], "");
        var typed = TypedWords.Read(root, before);
        var (symbol, prefix) = Asked(typed, current);
        var word = current[prefix.Length..];
        if (symbol is null)
        {
            var found = word.StartsWith('-') && !typed.OnlyArguments
                ? TypedWords.OptionsOf(typed.Command).Where(o => !o.Hidden && (o.Arity.MaximumNumberOfValues > 1 || !typed.Given.Contains(o)))
                    .SelectMany(o => Names(o).Select(n => (n, o.Description ?? "")))
                : typed.Arguments == 0 ? typed.Command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, c.Description ?? "")) : [];
            return [.. Beginning(found, word)];
        }

        if (symbol is INamedAtSite named)
        {
            var there = await AtSiteAsync(named.Names, root.Parse(before), word, defaults, cancellationToken);
            return [.. Beginning(there, word).Select(c => (prefix + c.Value, c.About))];
        }

        var (helpName, offered) = symbol switch
        {
            Option option => (option.HelpName, option.GetCompletions(CompletionContext.Empty)),
            Argument argument => (argument.HelpName, argument.GetCompletions(CompletionContext.Empty)),
            _ => (null, []),
        };
        return FileNames.Contains(helpName)
            ? [(Files, "")]
            : [.. Beginning(offered.Select(c => (c.Label, "")), word).Select(c => (prefix + c.Value, c.About))];
    }

    /// <summary>What takes the word that is being typed, and how much of the word is not its value. None: a verb or an option.</summary>
    private static (Symbol? Symbol, string Prefix) Asked(TypedWords typed, string current)
    {
        if (typed.Waiting is { } waiting)
        {
            return (waiting, "");
        }

        if (!typed.OnlyArguments && current.StartsWith('-'))
        {
            var at = current.IndexOf('=', StringComparison.Ordinal);
            var option = at < 0 ? null : TypedWords.OptionsOf(typed.Command).FirstOrDefault(o => o.Name == current[..at] && TypedWords.TakesValue(o));
            return (option, option is null ? "" : current[..(at + 1)]);
        }

        var taken = 0;
        foreach (var argument in typed.Command.Arguments)
        {
            taken += argument.Arity.MaximumNumberOfValues;
            if (typed.Arguments < taken)
            {
                return (argument, "");
            }
        }

        return (null, "");
    }

    /// <summary>Of the many names of help only the usual ones.</summary>
    private static IEnumerable<string> Names(Option option) => option.Aliases.Where(a => a.Length == 2 && char.IsAsciiLetter(a[1]) && a[0] == '-').Prepend(option.Name);

    private static IEnumerable<(string Value, string About)> Beginning(IEnumerable<(string Value, string About)> candidates, string word) =>
        candidates.Where(c => c.Value.StartsWith(word, StringComparison.Ordinal)).DistinctBy(c => c.Value);

    private static async Task<IEnumerable<(string Value, string About)>> AtSiteAsync(
        SiteNames names, ParseResult typed, string word, CommandDefaults defaults, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, defaults.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var site = SiteOptions.Open(typed, defaults);
            return await AskAsync(site, names, word, either.Token);
        }
        catch (Exception silent) when (silent is ApplianceException or ApplianceUnreachableException or VerbException or OperationCanceledException or IOException or InvalidOperationException)
        {
            return [];
        }
    }

    private static async Task<IEnumerable<(string Value, string About)>> AskAsync(IApplianceClient site, SiteNames names, string word, CancellationToken cancellationToken)
    {
        switch (names)
        {
            case SiteNames.Aliases:
                return (await site.GetAliasesAsync(cancellationToken)).Aliases.Select(a => (a.Name, a.ImageName ?? ""));
            case SiteNames.RemovedImages:
                return (await site.GetRetiredAsync(cancellationToken)).Retired.SelectMany(r => Called(r.Id, r.Name, $"removed {Plain.Day(r.RetiredAt)}", word));
            case SiteNames.Surfaces:
                var surfaces = (await site.GetStatusAsync(cancellationToken)).Surfaces;
                return surfaces.Select(s => (s.Name, $"{s.Available} of {s.Wanted} images"))
                    .Concat(surfaces.SelectMany(s => new[] { (s.Group, "all surfaces of this group"), (s.Kind, "all surfaces of this kind") }));
            case SiteNames.Sites:
                return (await site.GetStatusAsync(cancellationToken)).Sites.Select(s => (s.Id, s.State));
            default:
                var images = (await site.GetImagesAsync(cancellationToken)).Images.Where(i => !i.Deleted).ToList();
                return images.SelectMany(i => Called(i.Id, i.Name, i.Title, word))
                    .Concat(names is SiteNames.Images ? images.SelectMany(i => (i.Aliases ?? []).Select(a => (a, i.Name))) : []);
        }
    }

    /// <summary>Ids are offered to whoever began one.</summary>
    private static IEnumerable<(string Value, string About)> Called(ImageId id, string name, string about, string word) =>
        word.Length == 0 ? [(name, about)] : [(name, about), (id.ToString(), name), (Plain.Short(id), name)];
}
