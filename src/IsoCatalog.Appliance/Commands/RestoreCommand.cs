using System.CommandLine;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog restore</c>: brings a removed image back.</summary>
internal static class RestoreCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var image = ImageArgument.Build();
        var command = new Verb(
            "restore",
            "Bring a removed image back, without a transfer, as long as its file is kept.",
            "isocatalog restore debian-11.iso",
            "isocatalog ls --all && isocatalog restore 1d52b5")
        {
            image,
        };
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, async session =>
        {
            var removed = await ImageArgument.FindRemovedAsync(session.Site, parsed.GetRequiredValue(image), cancellationToken);
            var restored = await session.Site.RestoreImageAsync(removed, cancellationToken);
            session.Screen.Object(restored, ApiJson.Default.ImageView);
            session.Screen.Value(restored.Id.ToString());
            session.Screen.Line($"{restored.Name} is back. It is advertised again once it is verified; see `isocatalog show {restored.Name}`.");
            return ExitCode.Ok;
        }));
        return command;
    }
}
