using System.CommandLine;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog join</c>: a site that asked takes the answer, and belongs to the fleet.</summary>
internal static class JoinCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var file = new Argument<string>("file") { HelpName = "JOINFILE", Description = "What 'isocatalog trust add-site' wrote." };
        var config = new Option<string>("--config")
        {
            HelpName = "FILE",
            Description = $"The configuration of this site. Default: $ISOCATALOG_CONFIG, else {DefaultPaths.Configuration}.",
            DefaultValueFactory = _ => defaults.Config,
        };
        var json = new Option<bool>("--json") { Description = "Write one JSON object on stdout." };
        var command = new Verb(
            "join",
            "Let this site, which was made with 'init --join', into its fleet. It must not run.",
            "isocatalog join join.json",
            "isocatalog join join.json --config ./site.yaml")
        {
            file, config, json,
        };
        command.SetAction((parsed, _) =>
        {
            var screen = new Screen(parsed.GetValue(json), quiet: false);
            return Verb.RunAsync(screen, () => Task.FromResult(Run(parsed.GetRequiredValue(file), parsed.GetRequiredValue(config), screen)));
        });
        return command;
    }

    private static int Run(string file, string config, Screen screen)
    {
        var configuration = LocalFleet.Configuration(config);
        var folders = LocalFleet.Folders(configuration);
        var bytes = LocalFleet.Read(file, JoinFile.MaxBytes);
        if (!SiteKeys.Exist(folders))
        {
            throw new VerbException(
                ExitCode.Conflict, "conflict", $"{folders.Data} holds no site yet. Run 'isocatalog init --join --address HOST' first, and have its request approved.", 409);
        }

        using var alone = FolderLock.TryTake(folders.LockFile) ?? throw new VerbException(
            ExitCode.Conflict, "conflict", $"The site of {folders.Data} runs. Stop it, join, and start it again.", 409);
        JoinFile joined;
        try
        {
            joined = FleetFounding.Join(configuration, bytes);
        }
        catch (FleetFoundingException e)
        {
            throw new VerbException(ExitCode.Refused, "invalid-request", e.Message, 422);
        }
        catch (SiteStartException e)
        {
            throw new VerbException(ExitCode.ConfigurationInvalid, e.Code, e.Message);
        }

        var peers = joined.Peers.Where(p => p.Site != configuration.Site).ToList();
        screen.Object(
            new JoinReport(configuration.Site, joined.Fleet.ToString(), joined.Trust.Version, peers, configuration.Listen.Fleet is not null),
            CommandJson.Readable.JoinReport);
        screen.Line($"Site {configuration.Site} belongs to fleet {joined.Fleet}, trust version {joined.Trust.Version}.");
        foreach (var peer in peers)
        {
            screen.Line($"  {peer.Site}: fleet {peer.Fleet}, swarm {peer.Swarm}");
        }

        if (configuration.Listen.Fleet is null)
        {
            screen.Warning($"{config} has no listen.fleet, so the site would exchange nothing. Add under listen:  fleet: \"0.0.0.0:58888\", swarm: \"0.0.0.0:58889\"");
        }

        screen.Line("These addresses come from the trust document; 'peers' in the configuration goes before them.");
        screen.Line($"Next: isocatalog serve --config {config}");
        return ExitCode.Ok;
    }
}

/// <summary>What <c>join --json</c> says.</summary>
/// <param name="Peers">Where the trust document says that the other sites are.</param>
/// <param name="Listens">The configuration has a fleet listener.</param>
internal sealed record JoinReport(string Site, string Fleet, long Trust, IReadOnlyList<JoinPeer> Peers, bool Listens);
