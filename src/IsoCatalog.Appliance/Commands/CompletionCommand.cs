using System.CommandLine;
using System.Reflection;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog completion</c>: has a shell complete verbs, options and their values, and from the running site images, aliases, surfaces and sites.</summary>
internal static class CompletionCommand
{
    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static Command Build()
    {
        var shell = Choice.Argument("shell", Shells, "Whose script is written to stdout.");
        var command = new Verb(
            "completion",
            "Write the script with which a shell completes this program's words. install.sh puts it where shells look for such scripts.",
            "isocatalog completion zsh > ~/.zfunc/_isocatalog",
            "source <(isocatalog completion bash)",
            "isocatalog completion fish > ~/.config/fish/completions/isocatalog.fish")
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            using var script = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("shells/" + parsed.GetRequiredValue(shell))!);
            Console.Out.Write(script.ReadToEnd());
            return ExitCode.Ok;
        });
        return command;
    }
}
