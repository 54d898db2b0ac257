using System.CommandLine;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog restore</c>: brings a removed image back, or takes back all that one site signed.</summary>
internal static class RestoreCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var image = ImageArgument.Build(SiteNames.RemovedImages);
        image.Arity = ArgumentArity.ZeroOrOne;
        var by = new NamedOption<string?>("--by", SiteNames.Sites) { Description = "Take back the removals, recalls and descriptions that this site signed.", HelpName = "SITE" };
        var since = new Option<DateTimeOffset?>("--since")
        {
            Description = "With --by: from when on; a time (UTC), or how long ago: 30m, 2h, 3d.",
            HelpName = "TIME",
            CustomParser = result => SinceTime.Parse(result),
        };
        var only = new Option<bool>("--dry-run") { Description = "With --by: only show what would be taken back." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Verb(
            "restore",
            "Bring a removed image back, without a transfer, as long as its file is kept; or take back what one site signed.",
            "isocatalog restore debian-11.iso",
            "isocatalog ls --all && isocatalog restore 1d52b5",
            "isocatalog restore --by nyc --since 2h")
        {
            image, by, since, only, yes,
        };
        command.Rule(result =>
        {
            var (named, signer) = (result.GetResult(image)?.Tokens.Count > 0, result.GetValue(by) is not null);
            if (named == signer || signer != result.GetResult(since) is { Implicit: false })
            {
                result.AddError("Give an image, or both --by SITE and --since TIME.");
            }
        });
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(
            parsed,
            session => parsed.GetValue(by) is { } signer
                ? TakeBackAsync(session, new TakeBackRequest(signer, parsed.GetValue(since)!.Value, parsed.GetValue(only)), parsed.GetValue(yes), cancellationToken)
                : OneAsync(session, parsed.GetRequiredValue(image), cancellationToken)));
        return command;
    }

    private static async Task<int> OneAsync(Session session, string image, CancellationToken cancellationToken)
    {
        var removed = await ImageArgument.FindRemovedAsync(session.Site, image, cancellationToken);
        var restored = await session.Site.RestoreImageAsync(removed, cancellationToken);
        session.Screen.Object(restored, ApiJson.Readable.ImageView);
        session.Screen.Value(restored.Id.ToString());
        session.Screen.Line($"{restored.Name} is back. It is advertised again once it is verified; see `isocatalog show {restored.Name}`.");
        return ExitCode.Ok;
    }

    private static async Task<int> TakeBackAsync(Session session, TakeBackRequest request, bool unasked, CancellationToken cancellationToken)
    {
        var screen = session.Screen;
        var plan = await session.Site.TakeBackAsync(request with { DryRun = true }, cancellationToken);
        if (request.DryRun || plan.Done.Count == 0)
        {
            screen.Object(plan, ApiJson.Readable.TakeBackView);
            Show(screen, plan);
            screen.Line(plan.Done.Count == 0
                ? $"Nothing that {plan.By} signed since {Plain.Time(plan.Since)} is there to be taken back."
                : $"{plan.Done.Count} changes of {request.By} would be taken back. Without --dry-run they are.");
            return ExitCode.Ok;
        }

        if (!unasked)
        {
            Show(screen, plan);
            if (!RmCommand.Confirmed($"Take back these {plan.Done.Count} changes of {Plain.Text(plan.By)}?", "whether they shall be taken back"))
            {
                screen.Cancelled("Nothing was changed.");
                return ExitCode.Cancelled;
            }
        }

        var done = await session.Site.TakeBackAsync(request, cancellationToken);
        screen.Object(done, ApiJson.Readable.TakeBackView);
        if (unasked)
        {
            Show(screen, done);
        }

        screen.Line($"{done.Done.Count} changes of {request.By} were taken back. Images are listed again once they are verified.");
        return ExitCode.Ok;
    }

    private static void Show(Screen screen, TakeBackView plan)
    {
        var table = Screen.Columns("WHAT", "SUBJECT", "WHEN", Column.Wrapped("LEFT BECAUSE"));
        foreach (var change in plan.Done.Concat(plan.Left))
        {
            table.AddRow(Screen.Cell(change.Kind), Screen.Cell(change.Subject), Screen.Cell(Plain.Time(change.At)), Screen.Cell(change.Reason ?? ""));
        }

        if (plan.Done.Count + plan.Left.Count > 0)
        {
            screen.Show(table);
        }
    }
}
