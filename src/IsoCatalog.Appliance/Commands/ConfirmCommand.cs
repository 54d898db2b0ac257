using System.CommandLine;
using IsoCatalog.Appliance.Publishing;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog confirm</c>: what only a person can know about a drift that is reported.</summary>
internal static class ConfirmCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var code = new Argument<string>("code") { HelpName = "CODE", Description = $"The drift's code. Today: {DriftReport.DatabaseLost}." };
        code.AcceptOnlyFromAmong(DriftReport.DatabaseLost);
        var command = new Verb(
            "confirm",
            "After a lost database: say that nobody holds a removed image any more, so that such images are retired and evicted again.",
            $"isocatalog confirm {DriftReport.DatabaseLost}")
        {
            code,
        };
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, async session =>
        {
            await session.Site.ConfirmLostDatabaseAsync(cancellationToken);
            session.Screen.Object(new Confirmed(DriftReport.DatabaseLost), CommandJson.Default.Confirmed);
            session.Screen.Line("Confirmed. Removed images are retired and evicted again.");
            return ExitCode.Ok;
        }));
        return command;
    }
}
