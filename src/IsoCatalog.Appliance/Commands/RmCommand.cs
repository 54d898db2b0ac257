using System.CommandLine;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog rm</c>: takes an image out of every list.</summary>
internal static class RmCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static Command Build(CommandDefaults defaults)
    {
        var image = ImageArgument.Build(SiteNames.ImagesThemselves);
        var why = new Option<string?>("--why") { Description = "The reason, for the audit.", HelpName = "TEXT" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Verb(
            "rm",
            "Remove an image from every surface. Its file is kept for a while, so that it can be restored.",
            "isocatalog rm debian-11.iso --why \"end of life\"",
            "isocatalog rm 1d52b5 --yes")
        {
            image, why, yes,
        };
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, async session =>
        {
            var found = await ImageArgument.FindItselfAsync(session.Site, parsed.GetRequiredValue(image), cancellationToken);
            if (!parsed.GetValue(yes) && !Confirmed(
                $"Remove {Plain.Text(found.Name)} ({Plain.Short(found.Id)}, {Plain.Size(found.Size)}) from every surface?{Pointing(found)}", $"whether {found.Name} shall be removed"))
            {
                session.Screen.Cancelled("Nothing was removed.");
                return ExitCode.Cancelled;
            }

            var removed = await SettledAsync(session, await session.Site.RemoveImageAsync(found.Id.ToString(), parsed.GetValue(why), cancellationToken), cancellationToken);
            session.Screen.Object(removed, ApiJson.Readable.ImageView);
            session.Screen.Value(removed.Id.ToString());
            if (removed.Aliases is { Count: > 0 } aliases)
            {
                session.Screen.Note($"{string.Join(", ", aliases)} still points to it, and so offers nothing. Move it: isocatalog alias NAME IMAGE");
            }

            var inSight = InSight(removed).ToList();
            session.Screen.Line($"{removed.Name} is {(inSight.Count == 0 ? "withdrawn from every surface" : "in no list any more")}. To bring it back: isocatalog restore {removed.Name}");
            foreach (var (surface, cell) in inSight)
            {
                session.Screen.Note($"It still lies on {surface}, and its space there is not free yet. {Plain.Text(cell.Code == ReasonCode.Removed ? "A lease holds it, or it is still being taken away: isocatalog status" : cell.Reason)}");
            }

            return ExitCode.Ok;
        }));
        return command;
    }

    /// <summary>Waits a moment for the surfaces of the site that was asked, so that it can be said what keeps the image there.</summary>
    private static async Task<ImageView> SettledAsync(Session session, ImageView removed, CancellationToken cancellationToken)
    {
        var end = session.Time.GetUtcNow() + Patience;
        while (InSight(removed).Any(c => c.Cell.Code == ReasonCode.Removed) && session.Time.GetUtcNow() < end)
        {
            await Task.Delay(Pause, session.Time, cancellationToken);
            try
            {
                removed = await session.Site.GetImageAsync(removed.Id.ToString(), cancellationToken);
            }
            catch (Exception e) when (e is ApplianceException or ApplianceUnreachableException)
            {
                // It is removed all the same.
                break;
            }
        }

        return removed;
    }

    /// <summary>Where clients of the site that was asked, which comes first, can still see it.</summary>
    private static IEnumerable<(string Surface, CellView Cell)> InSight(ImageView image) =>
        image.Ready.Values.Take(1).SelectMany(cells => cells).Where(c => c.Value.State == CellState.Withdrawn).Select(c => (c.Key, c.Value));

    private static string Pointing(ImageView image) =>
        image.Aliases is { Count: > 0 } aliases ? $" {string.Join(", ", aliases)} would point to nothing." : "";

    /// <param name="about">What nobody could be asked.</param>
    internal static bool Confirmed(string question, string about)
    {
        if (Console.IsInputRedirected)
        {
            throw VerbException.Usage($"Nobody is here to be asked {about}. Give --yes.");
        }

        Console.Error.Write(question + " [y/N] ");
        return Console.ReadLine() is { } answer && answer.Trim() is "y" or "Y" or "yes";
    }
}
