using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using IsoCatalog.Appliance.Commands;

namespace IsoCatalog.Appliance;

internal static class Program
{
    public static Task<int> Main(string[] arguments)
    {
        var defaults = new CommandDefaults(
            Read("ISOCATALOG_CONFIG") ?? DefaultPaths.Configuration,
            Read("ISOCATALOG_SOCKET"),
            TimeProvider.System);
        return CommandLine.RunAsync(Tree(defaults), arguments);
    }

    /// <summary>Every verb with its options: what is parsed, helped with, completed, and told in the manual page.</summary>
    internal static RootCommand Tree(CommandDefaults defaults) => CommandLine.Named(
        new RootCommand("Keeps ISO images, and offers each only where its bytes were verified.")
        {
            ServeCommand.Build(defaults),
            InitCommand.Build(defaults),
            JoinCommand.Build(defaults),
            TrustCommand.Build(defaults),
            DemoCommand.Build(),
            SimulateCommand.Build(),
            AddCommand.Build(defaults),
            LsCommand.Build(defaults),
            ShowCommand.Build(defaults),
            RmCommand.Build(defaults),
            RestoreCommand.Build(defaults),
            BlockCommand.Build(defaults),
            AliasCommand.Build(defaults),
            StatusCommand.Build(defaults),
            ConfirmCommand.Build(defaults),
            CheckConfigCommand.Build(defaults),
            TokenCommand.Build(),
            CompletionCommand.Build(),
            CompleteCommand.Build(defaults),
            ManCommand.Build(),
        });

    /// <returns>Null when the variable is not set or empty.</returns>
    [SuppressMessage("ApiDesign", "RS0030:Do not use banned APIs", Justification = "The one place where the environment is read.")]
    private static string? Read(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
