using System.CommandLine;
using System.Globalization;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog database</c>: the way back to an earlier version of the program, whose database was copied before this one changed it.</summary>
internal static class DatabaseCommand
{
    /// <summary>More than these are counted only.</summary>
    private const int MostNamed = 20;

    public static Command Build(CommandDefaults defaults) =>
        new Verb(
            "database",
            "Go back to what the database said before a later version of the program changed it.",
            "isocatalog database return",
            "isocatalog database return --to 6")
        {
            Return(defaults),
        };

    private static Verb Return(CommandDefaults defaults)
    {
        var to = new Option<long?>("--to") { HelpName = "VERSION", Description = "Which copy, by the number in its name. Default: the latest." };
        var config = new Option<string>("--config")
        {
            HelpName = "FILE",
            Description = $"The configuration of this site. Default: $ISOCATALOG_CONFIG, else {DefaultPaths.Configuration}.",
            DefaultValueFactory = _ => defaults.Config,
        };
        var json = new Option<bool>("--json") { Description = "Write one JSON object on stdout." };
        var verb = new Verb(
            "return",
            "Put the copy that was made before an upgrade in the place of the database, and say what is forgotten. The site must not run.",
            "isocatalog database return",
            "isocatalog database return --to 6 --config ./site.yaml")
        {
            to, config, json,
        };
        verb.SetAction((parsed, cancellationToken) =>
        {
            var screen = new Screen(parsed.GetValue(json), quiet: false);
            return Verb.RunAsync(screen, () => RunAsync(screen, Path.GetFullPath(parsed.GetRequiredValue(config)), parsed.GetValue(to), defaults.Time.GetUtcNow(), cancellationToken));
        });
        return verb;
    }

    private static async Task<int> RunAsync(Screen screen, string config, long? to, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var configuration = LocalFleet.Configuration(config);
        var folders = LocalFleet.Folders(configuration);

        // What it makes must belong to the site's user.
        if (await ServiceUser.OfAsync(null, configuration.Data, config, cancellationToken) is { } other)
        {
            return await other.RunAsync(
                [
                    "database", "return", "--config", config,
                    .. to is { } version ? ["--to", version.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(),
                    .. screen.Json ? ["--json"] : Array.Empty<string>(),
                ],
                cancellationToken);
        }

        var copy = DatabaseCopy.Of(folders.Database).FirstOrDefault(c => to is null || c.Version == to) ?? throw new VerbException(
            ExitCode.NotFound, "not-found", $"There is no copy {folders.Database}.{(to is { } wanted ? wanted.ToString(CultureInfo.InvariantCulture) : "N")}: no later version has changed the database so that an earlier one cannot read it.", 404);
        using var alone = FolderLock.TryTake(folders.LockFile) ?? throw new VerbException(
            ExitCode.Conflict, "conflict", $"The site of {folders.Data} runs. Stop it, go back, and start the earlier version.", 409);
        Forgotten forgotten;
        try
        {
            forgotten = copy.Return(folders.Database, now);
        }
        catch (SiteStartException e)
        {
            throw new VerbException(ExitCode.Unexpected, e.Code, e.Message);
        }

        screen.Object(
            new DatabaseReturn(copy.Version, forgotten.Copied, forgotten.Leases?.Select(l => new ForgottenLease(l.Image.ToString(), l.Surface, l.Client, l.Expires)).ToList(), forgotten.Moves, forgotten.MustBeConfirmed),
            CommandJson.Readable.DatabaseReturn);
        Say(screen, copy, forgotten);
        return ExitCode.Ok;
    }

    private static void Say(Screen screen, DatabaseCopy copy, Forgotten forgotten)
    {
        screen.Line($"The database is the copy of version {copy.Version}{(forgotten.Copied is { } at ? $" that was made at {at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC" : "")}. What is in the catalog stands in the signed documents, and is as it was.");
        screen.Line(forgotten switch
        {
            { Leases: null } => "The database that was left cannot be read, so every lease that was taken since then is forgotten.",
            { Leases.Count: 0 } => "No lease is forgotten: every one that stands is in the copy.",
            { Leases: { } leases } => $"Forgotten, because they were taken since then: {leases.Count} {(leases.Count == 1 ? "lease" : "leases")}. URLs of BMC leases among them are gone for good.",
        });
        foreach (var lease in (forgotten.Leases ?? []).Take(MostNamed))
        {
            screen.Line($"  {lease.Client} on {lease.Surface}, until {lease.Expires.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: {lease.Image}");
        }

        if (forgotten.Leases?.Count > MostNamed)
        {
            screen.Line($"  and {forgotten.Leases.Count - MostNamed} more");
        }

        if (forgotten.Moves is { Count: > 0 } moves)
        {
            screen.Line($"Aliases whose move waited, to be asked for again: {string.Join(", ", moves)}.");
        }

        screen.Line("A lease that was ended since then stands again until it runs out; changes made since then cannot be taken back at this site.");
        if (forgotten.MustBeConfirmed)
        {
            screen.Line("Every removed image counts as held until you say that nobody holds one any more: isocatalog confirm database-lost");
        }
    }
}

/// <summary>What <c>database return --json</c> says.</summary>
/// <param name="Version">Of the copy, which is the database now.</param>
/// <param name="Leases">Forgotten; null when nobody knows which.</param>
/// <param name="Moves">Aliases whose move waited and is forgotten.</param>
/// <param name="MustBeConfirmed">Removed images count as held until <c>isocatalog confirm database-lost</c>.</param>
internal sealed record DatabaseReturn(long Version, DateTimeOffset? Copied, IReadOnlyList<ForgottenLease>? Leases, IReadOnlyList<string>? Moves, bool MustBeConfirmed);

internal sealed record ForgottenLease(string Image, string Surface, string Client, DateTimeOffset Expires);
