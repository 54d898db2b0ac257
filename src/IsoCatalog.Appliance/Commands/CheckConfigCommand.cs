using System.CommandLine;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Configuration.Values;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog check-config</c>: every mistake of a configuration at once, with its place. The very checks of the start.</summary>
internal static class CheckConfigCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var file = new Argument<string>("file")
        {
            HelpName = "FILE",
            Description = $"Default: $ISOCATALOG_CONFIG, else {DefaultPaths.Configuration}.",
            DefaultValueFactory = _ => defaults.Config,
        };
        var json = new Option<bool>("--json") { Description = "Write one JSON object on stdout." };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Write only what stops the site; nothing when the file is valid." };
        var command = new Verb(
            "check-config",
            "Check a configuration file and what it names on this machine. Run it as the user of the site; nothing is changed.",
            "isocatalog check-config /etc/isocatalog/site.yaml",
            "isocatalog check-config --json | jq '.problems'")
        {
            file, json, quiet,
        };
        command.SetAction((parsed, _) =>
        {
            var screen = new Screen(parsed.GetValue(json), parsed.GetValue(quiet));
            return Verb.RunAsync(screen, () => Task.FromResult(Check(screen, parsed.GetRequiredValue(file), defaults.Time.GetUtcNow())));
        });
        return command;
    }

    private static int Check(Screen screen, string file, DateTimeOffset now)
    {
        if (file.Length == 0)
        {
            throw VerbException.Usage("check-config needs the path of a file.");
        }

        var check = ConfigurationFile.Load(file) switch
        {
            ConfigurationResult.Loaded loaded => Checked(file, HostCheck.Run(loaded, now), [.. loaded.Warnings, .. Inbox(loaded), .. Files(loaded)]),
            ConfigurationResult.Invalid invalid => Checked(file, invalid.Problems, invalid.Warnings),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        screen.Object(check, CommandJson.Readable.ConfigurationCheck);
        foreach (var problem in check.Problems)
        {
            screen.Line(problem.Describe(file));
            screen.Value(problem.Describe(file));
        }

        foreach (var warning in check.Warnings)
        {
            screen.Line("warning: " + warning.Describe(file));
        }

        screen.Line(check.Valid ? $"{file} is valid." : $"{file} has {check.Problems.Count} {(check.Problems.Count == 1 ? "mistake" : "mistakes")}.");
        return check.Valid ? ExitCode.Ok : ExitCode.ConfigurationInvalid;
    }

    /// <summary>Who checks may have another limit than the site will have, so it is no mistake.</summary>
    private static IEnumerable<ConfigurationProblem> Files(ConfigurationResult.Loaded loaded) =>
        FileNeed.Of(loaded.Configuration, OpenFiles.Limit).Problem is { } tooFew ? [new ConfigurationProblem(0, 0, "", $"If the site is started as this check was: {tooFew}")] : [];

    /// <summary>It stops no site. In its own data folder the start makes it; elsewhere something may have to be mounted first.</summary>
    private static IReadOnlyList<ConfigurationProblem> Inbox(ConfigurationResult.Loaded loaded)
    {
        var (site, warnings) = (loaded.Configuration, loaded.Places.SameFile());
        if (InboxFolder.TroubleOf(site.Inbox.Path) is { } trouble && !(trouble.IsMissing && Paths.IsWithin(site.Inbox.Path, site.Data)))
        {
            warnings.Warn("inbox.path", trouble.Reason);
        }

        return warnings.Warnings();
    }

    private static ConfigurationCheck Checked(string file, IReadOnlyList<ConfigurationProblem> problems, IReadOnlyList<ConfigurationProblem> warnings) =>
        new(file, problems.Count == 0, problems, warnings);
}
