using System.CommandLine;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog block</c>: recalls an image by its hash, at all sites.</summary>
internal static class BlockCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var image = ImageArgument.Build(SiteNames.ImagesThemselves);
        var why = new Option<string?>("--why") { Description = "The reason, for everybody who meets the recall.", HelpName = "TEXT" };
        var now = new Option<bool>("--now") { Description = "End the leases of the site too: machines that have the image mounted read no more of it." };
        var undo = new Option<bool>("--undo") { Description = "Take the recall back." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Do not ask." };
        var command = new Verb(
            "block",
            "Recall an image: off every list of every site at once, and no site takes its bytes again until the recall is taken back.",
            "isocatalog block debian-12.iso --why \"the installer wipes the wrong disk\"",
            "isocatalog block sha256:1d52b5... --yes --now",
            "isocatalog block --undo debian-12.iso")
        {
            image, why, now, undo, yes,
        };
        command.Rule(result =>
        {
            if (result.GetValue(undo) && (result.GetValue(now) || result.GetValue(why) is not null))
            {
                result.AddError("--undo takes neither --now nor --why.");
            }
        });
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, async session =>
        {
            var meant = await ImageArgument.FindAnyAsync(session.Site, parsed.GetRequiredValue(image), cancellationToken);
            if (parsed.GetValue(undo))
            {
                // The answer has no body, so what was taken back is looked up before.
                var standing = (await session.Site.GetBlocksAsync(cancellationToken)).Blocks
                    .FirstOrDefault(b => b.Id.ToString() == meant || ImageFileName.Comparer.Equals(b.Name, meant));
                await session.Site.UnblockImageAsync(standing?.Id.ToString() ?? meant, cancellationToken);
                if (standing is not null)
                {
                    session.Screen.Object(standing, ApiJson.Readable.BlockView);
                }

                session.Screen.Value(standing?.Id.ToString() ?? meant);
                session.Screen.Line($"The recall of {standing?.Name ?? meant} is taken back. What is still kept of it is verified and offered again.");
                return ExitCode.Ok;
            }

            if (!parsed.GetValue(yes) && !RmCommand.Confirmed($"Recall {Plain.Text(meant)} at every site?", $"whether {meant} shall be recalled"))
            {
                session.Screen.Cancelled("Nothing was recalled.");
                return ExitCode.Cancelled;
            }

            var block = await session.Site.BlockImageAsync(meant, new BlockRequest(parsed.GetValue(why), parsed.GetValue(now)), cancellationToken);
            session.Screen.Object(block, ApiJson.Readable.BlockView);
            session.Screen.Value(block.Id.ToString());
            session.Screen.Line($"{block.Name ?? block.Id.ToString()} is recalled: no list has it, and no site takes it. To take that back: isocatalog block --undo {block.Id}");
            if (block.Leases > 0)
            {
                session.Screen.Note($"{block.Leases} leases here still hold it; they are not renewed. `isocatalog block --now` ends them.");
            }

            return ExitCode.Ok;
        }));
        return command;
    }
}
