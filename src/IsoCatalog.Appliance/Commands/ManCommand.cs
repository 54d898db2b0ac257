using System.CommandLine;
using System.Reflection;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog man</c>: the manual page, made of the very commands that are parsed.</summary>
internal static class ManCommand
{
    public static Command Build()
    {
        var command = new Verb(
            "man",
            "Write the manual page. install.sh puts it where man looks for it.",
            "isocatalog man | man -l -",
            "isocatalog man > /usr/local/share/man/man1/isocatalog.1");
        command.SetAction(parsed =>
        {
            var program = Assembly.GetExecutingAssembly();
            var built = program.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "BuildDate").Value!;
            var version = program.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
            Console.Out.Write(ManPage.Of((RootCommand)parsed.RootCommandResult.Command, version, built));
            return ExitCode.Ok;
        });
        return command;
    }
}
