using System.CommandLine;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Publishing;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog confirm</c>: what only a person can know about a drift that is reported.</summary>
internal static class ConfirmCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        string[] codes = [DriftReport.DatabaseLost, .. SiteAlarms.Acknowledged];
        var code = Choice.Argument("code", codes, "The drift's code.");
        var command = new Verb(
            "confirm",
            "Say that you have seen to a drift that stands until somebody says so: a lost database (nobody holds a removed image any more), two histories of one site, or a site "
            + "that was set back.",
            $"isocatalog confirm {DriftReport.DatabaseLost}",
            $"isocatalog confirm {SiteAlarms.DocumentsForked}")
        {
            code,
        };
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, async session =>
        {
            var confirmed = parsed.GetRequiredValue(code);
            await session.Site.ConfirmDriftAsync(confirmed, cancellationToken);
            session.Screen.Object(new Confirmed(confirmed), CommandJson.Readable.Confirmed);
            session.Screen.Line(confirmed == DriftReport.DatabaseLost ? "Confirmed. Removed images are retired and evicted again." : "Confirmed.");
            return ExitCode.Ok;
        }));
        return command;
    }
}
