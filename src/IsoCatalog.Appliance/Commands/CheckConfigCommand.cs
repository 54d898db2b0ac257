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
        var user = new Option<string?>("--user")
        {
            HelpName = "NAME",
            Description = "Who runs the site. Default, for root: whoever owns its data folder; else whoever runs this.",
        };
        var asIs = new Option<bool>("--as-is") { Description = "Judge as whoever runs this.", Hidden = true };
        var command = new Verb(
            "check-config",
            "Check a configuration file and what it names on this machine, as the user that runs the site; nothing is changed.",
            "isocatalog check-config /etc/isocatalog/site.yaml",
            "isocatalog check-config --json | jq '.problems'")
        {
            file, json, quiet, user, asIs,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var screen = new Screen(parsed.GetValue(json), parsed.GetValue(quiet));
            return Verb.RunAsync(
                screen, () => RunAsync(screen, parsed.GetRequiredValue(file), parsed.GetValue(user), parsed.GetValue(asIs), defaults.Time.GetUtcNow(), cancellationToken));
        });
        return command;
    }

    private static async Task<int> RunAsync(Screen screen, string file, string? user, bool asIs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (file.Length == 0)
        {
            throw VerbException.Usage("check-config needs the path of a file.");
        }

        var result = ConfigurationFile.Load(file);
        if (!asIs && result is ConfigurationResult.Loaded { Configuration.Data: var data }
            && await ServiceUser.OfAsync(user, data, Path.GetFullPath(file), cancellationToken) is { } other)
        {
            return await other.RunAsync(
                ["check-config", Path.GetFullPath(file), "--as-is", .. screen.Json ? ["--json"] : Array.Empty<string>(), .. screen.Quiet ? ["--quiet"] : Array.Empty<string>()], cancellationToken);
        }

        return Check(screen, file, result, isForOther: asIs, now);
    }

    private static int Check(Screen screen, string file, ConfigurationResult result, bool isForOther, DateTimeOffset now)
    {
        var check = result switch
        {
            ConfigurationResult.Loaded loaded => Checked(
                file, [.. HostCheck.Run(loaded, now), .. SiteAccess.Problems(loaded)], [.. loaded.Warnings, .. Inbox(loaded), .. SiteAccess.Warnings(loaded), .. Files(loaded), .. AsRoot(loaded)]),
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

        if (isForOther)
        {
            screen.Line($"Checked as the user {check.User}.");
        }

        screen.Line(check.Valid ? $"{file} is valid." : $"{file} has {check.Problems.Count} {(check.Problems.Count == 1 ? "mistake" : "mistakes")}.");
        return check.Valid ? ExitCode.Ok : ExitCode.ConfigurationInvalid;
    }

    /// <summary>Who checks may have another limit than the site will have, so it is no mistake.</summary>
    private static IEnumerable<ConfigurationProblem> Files(ConfigurationResult.Loaded loaded) =>
        FileNeed.Of(loaded.Configuration, OpenFiles.Limit).Problem is { } tooFew ? [new ConfigurationProblem(0, 0, "", $"If the site is started as this check was: {tooFew}")] : [];

    /// <summary>root reads what the site's user may not.</summary>
    private static IEnumerable<ConfigurationProblem> AsRoot(ConfigurationResult.Loaded loaded) =>
        Environment.IsPrivilegedProcess && LocalUser.OwnerOf(loaded.Configuration.Data) is null
            ? [new ConfigurationProblem(0, 0, "", $"There is no {loaded.Configuration.Data} yet whose owner would run the site, so this was checked as root. Name the site's user with --user.")]
            : [];

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
        new(file, problems.Count == 0, Environment.UserName, problems, warnings);
}
