using System.CommandLine;
using System.Globalization;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog alias</c>: names that point to images, and move.</summary>
internal static class AliasCommand
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);

    public static Command Build(CommandDefaults defaults)
    {
        var name = new NamedArgument<string?>("name", SiteNames.Aliases)
        {
            HelpName = "NAME", Description = "The alias, such as debian-12-latest.", Arity = ArgumentArity.ZeroOrOne,
        };
        var image = new NamedArgument<string?>("image", SiteNames.Images)
        {
            HelpName = "IMAGE", Description = "The image that it shall point to: its file name, its id, or another alias.", Arity = ArgumentArity.ZeroOrOne,
        };
        var rm = new Option<bool>("--rm") { Description = "Take the alias away, and a move of it that waits. The image stays." };
        var keep = new Option<int?>("--keep")
        {
            Description = $"Once it has moved, keep so many (0 to {AliasEntry.MaxFormer}) of the images that it pointed to before, and remove older ones. Default: all stay.",
            HelpName = "N",
            CustomParser = result =>
            {
                if (int.TryParse(result.Tokens.Count > 0 ? result.Tokens[0].Value : "", NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= AliasEntry.MaxFormer)
                {
                    return number;
                }

                result.AddError($"--keep may be 0 to {AliasEntry.MaxFormer}.");
                return null;
            },
        };
        var wait = new Option<bool>("--wait") { Description = "Wait until it has moved: until the image is available on every surface of every site." };
        var timeout = new Option<TimeSpan?>("--timeout")
        {
            Description = "With --wait: how long, such as 90s, 10m or 1h. Default: 10m.", HelpName = "TIME", CustomParser = result => WaitTime.Parse(result),
        };
        var command = new Verb(
            "alias",
            "List aliases, or point one to an image. It moves once that image is available everywhere.",
            "isocatalog alias",
            "isocatalog alias debian-12-latest debian-12.1.iso --keep 1 --wait",
            "isocatalog alias --rm debian-12-latest")
        {
            name, image, rm, keep, wait, timeout,
        };
        command.Rule(result =>
        {
            var (named, target) = (result.GetValue(name), result.GetValue(image));
            var moves = result.GetResult(keep) is not null || result.GetValue(wait) || result.GetResult(timeout) is not null;
            if (result.GetValue(rm) && (named is null || target is not null || moves))
            {
                result.AddError("--rm takes the name of one alias, and nothing else.");
            }
            else if (target is null && moves)
            {
                result.AddError("--keep, --wait and --timeout go with an alias and an image.");
            }
            else if (result.GetResult(timeout) is not null && !result.GetValue(wait))
            {
                result.AddError("--timeout goes with --wait.");
            }
        });
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, session => (parsed.GetValue(name), parsed.GetValue(image)) switch
        {
            (null, _) => ListAsync(session, cancellationToken),
            ({ } alias, _) when parsed.GetValue(rm) => RemoveAsync(session, alias, cancellationToken),
            ({ } alias, null) => ShowAsync(session, alias, cancellationToken),
            ({ } alias, { } target) => MoveAsync(
                session, alias, target, parsed.GetValue(keep), parsed.GetValue(wait) ? parsed.GetValue(timeout) ?? DefaultTimeout : null, cancellationToken),
        }));
        return command;
    }

    private static async Task<int> ListAsync(Session session, CancellationToken cancellationToken)
    {
        var list = await session.Site.GetAliasesAsync(cancellationToken);
        session.Screen.Object(list, ApiJson.Readable.AliasList);
        foreach (var alias in list.Aliases)
        {
            session.Screen.Value(alias.Name);
        }

        if (list.Aliases.Count == 0)
        {
            session.Screen.Line("There is no alias. Point one to an image: isocatalog alias NAME IMAGE");
        }
        else
        {
            session.Screen.Show(Table(list.Aliases));
        }

        return ExitCode.Ok;
    }

    private static async Task<int> ShowAsync(Session session, string name, CancellationToken cancellationToken)
    {
        var alias = await session.Site.GetAliasAsync(Named(name), cancellationToken);
        session.Screen.Object(alias, ApiJson.Readable.AliasView);
        session.Screen.Value(alias.Image?.ToString() ?? "-");
        session.Screen.Show(Table([alias]));
        foreach (var former in alias.Former)
        {
            session.Screen.Line($"  before: {former.Name ?? former.Image.ToString()}{(former.InCatalog ? "" : " (not in the catalog any more)")}");
        }

        return ExitCode.Ok;
    }

    private static async Task<int> RemoveAsync(Session session, string name, CancellationToken cancellationToken)
    {
        var alias = await session.Site.GetAliasAsync(Named(name), cancellationToken);
        await session.Site.RemoveAliasAsync(alias.Name, cancellationToken);
        session.Screen.Object(alias, ApiJson.Readable.AliasView);
        session.Screen.Value(alias.Name);
        session.Screen.Line($"{alias.Name} is taken away.{(alias.ImageName is { } image ? $" It pointed to {image}, which stays." : "")}");
        return ExitCode.Ok;
    }

    /// <param name="patience">Null when nobody waits.</param>
    private static async Task<int> MoveAsync(Session session, string name, string target, int? keep, TimeSpan? patience, CancellationToken cancellationToken)
    {
        var (screen, site) = (session.Screen, session.Site);
        var image = await ImageArgument.FindAsync(site, target, retired: false, cancellationToken);
        var moved = await site.SetAliasAsync(Named(name), new AliasRequest(image.Id.ToString(), keep), cancellationToken);
        var alias = moved.Moved ?? await site.GetAliasAsync(name, cancellationToken);
        var started = session.Time.GetTimestamp();
        while (patience is { } most && alias.Waiting is not null && moved.Waiting is { } job && alias.Waiting.Job == job.Id)
        {
            if (session.Time.GetElapsedTime(started) > most)
            {
                Tell(screen, alias);
                screen.ToError($"error: {name} did not move within {Plain.Span(most)}. The site goes on; see `isocatalog alias {name}`.");
                return ExitCode.TimedOut;
            }

            await Task.Delay(AskAgain, session.Time, cancellationToken);
            alias = await site.GetAliasAsync(name, cancellationToken);
        }

        if (patience is not null && alias.Image != image.Id)
        {
            throw new VerbException(
                ExitCode.Conflict, "superseded", $"{name} did not move to {image.Name}: it was told otherwise, or the image left the catalog meanwhile.", status: 409);
        }

        Tell(screen, alias);
        return ExitCode.Ok;
    }

    private static void Tell(Screen screen, AliasView alias)
    {
        screen.Object(alias, ApiJson.Readable.AliasView);
        screen.Value(alias.Image?.ToString() ?? "-");
        if (alias.Waiting is not { } waiting)
        {
            screen.Line($"{alias.Name} points to {alias.ImageName} now.");
            return;
        }

        screen.Line($"{alias.Name} moves to {waiting.ImageName} once that is available everywhere. It waits for {Places(waiting)}.");
    }

    private static Listing Table(IReadOnlyList<AliasView> aliases)
    {
        var table = Screen.Columns(Column.Cut("ALIAS"), Column.Wrapped("IMAGE"), Column.Wrapped("SINCE"), Column.Wrapped("WAITS"));
        foreach (var alias in aliases)
        {
            table.AddRow(
                Screen.Cell(alias.Name),
                Screen.Cell((alias.ImageName ?? alias.Image?.ToString() ?? "-") + (alias.Reason is { } reason ? $" ({alias.Code}: {reason})" : "")),
                Screen.Cell(alias.Since is { } since ? $"{Plain.Time(since)} by {alias.By} at {alias.Site}" : ""),
                Screen.Cell(alias.Waiting is { } waiting ? $"for {waiting.ImageName} since {Plain.Time(waiting.Since)}: {Places(waiting)}" : ""));
        }

        return table;
    }

    private static string Places(AliasWait waiting) => waiting.WaitsFor.Count == 0
        ? "the site to move it"
        : string.Join(", ", waiting.WaitsFor.Select(w => w.Surface is null ? w.Site : $"{w.Surface} at {w.Site}").Distinct());

    private static string Named(string name) =>
        name.Length > 0 ? name : throw VerbException.Usage("An alias needs a name.");
}
