using System.CommandLine;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog rm</c>: takes an image out of every list.</summary>
internal static class RmCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var image = ImageArgument.Build();
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

            var removed = await session.Site.RemoveImageAsync(found.Id.ToString(), parsed.GetValue(why), cancellationToken);
            session.Screen.Object(removed, ApiJson.Default.ImageView);
            session.Screen.Value(removed.Id.ToString());
            if (removed.Aliases is { Count: > 0 } aliases)
            {
                session.Screen.Note($"{string.Join(", ", aliases)} still points to it, and so offers nothing. Move it: isocatalog alias NAME IMAGE");
            }

            session.Screen.Line($"{removed.Name} is withdrawn from every surface. To bring it back: isocatalog restore {removed.Name}");
            return ExitCode.Ok;
        }));
        return command;
    }

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
