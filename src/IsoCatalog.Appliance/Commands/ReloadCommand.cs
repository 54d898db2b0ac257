using System.CommandLine;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog reload</c>: has the running site take a changed configuration, and says what of it needs a restart.</summary>
internal static class ReloadCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var command = new Verb(
            "reload",
            "Have the running site read its configuration and certificates again. What can be taken holds when this returns; what needs a restart is named.",
            "isocatalog reload",
            "isocatalog reload --json | jq -r '.needRestart[].key'");
        var site = SiteOptions.On(command, defaults, evenIfInvalid: true);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, async session =>
        {
            var answer = await session.Site.ReloadAsync(cancellationToken);
            session.Screen.Object(answer, ApiJson.Readable.ReloadView);
            session.Screen.Line(answer.Taken.Count > 0 ? $"Taken: {string.Join(", ", answer.Taken)}." : "Nothing that can be taken has changed.");
            foreach (var change in answer.NeedRestart)
            {
                session.Screen.Line($"{answer.File}{(change.Line > 0 ? $":{change.Line}:{change.Column}" : "")}: {change.Key}: {change.Text}");
            }

            if (answer.NeedRestart.Count > 0)
            {
                session.Screen.Line("The rest holds after a restart: systemctl restart isocatalog.");
            }

            return ExitCode.Ok;
        }));
        return command;
    }
}
