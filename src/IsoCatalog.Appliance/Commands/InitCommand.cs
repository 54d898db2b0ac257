using System.CommandLine;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Commands;

/// <summary>
/// <c>isocatalog init</c>: makes a site's folders and keys, its configuration if there is none, and either a fleet of its own or a request to join another's.
/// Changes nothing that is there.
/// </summary>
internal static class InitCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var config = new Option<string>("--config")
        {
            HelpName = "FILE",
            Description = $"The configuration; written if it is not there. Default: $ISOCATALOG_CONFIG, else {DefaultPaths.Configuration}.",
            DefaultValueFactory = _ => defaults.Config,
        };
        var json = new Option<bool>("--json") { Description = "Write one JSON object on stdout." };
        var site = new Option<string>("--site") { Description = "The site's id, such as ams: lower-case letters, digits and hyphens.", DefaultValueFactory = _ => "site" };
        var data = new Option<DirectoryInfo?>("--data") { Description = "Where everything is kept. Default: /var/lib/isocatalog." };
        var volume = new Option<DirectoryInfo?>("--volume") { Description = "Also set up a console volume in this folder." };
        var join = new Option<bool>("--join") { Description = "Write a request to join the fleet of another site, instead of founding one." };
        var address = new Option<string?>("--address")
        {
            HelpName = "HOST",
            Description = "The name or address that other sites reach this one by. Needed with --join; without it a first site is alone until it has one.",
        };
        var rootKeys = new Option<string[]>("--root-key")
        {
            HelpName = "PATH",
            Description = $"Where a new fleet's root key goes; several times for several holders. Default: {RootKeyFile.Name} beside the configuration.",
        };
        var threshold = new Option<int?>("--threshold") { Description = "How many root keys must sign. Default: more than half." };
        var command = new Verb(
            "init",
            "Make a site: configuration, folders, keys, a first token, and a fleet or a request to join one. What is there stays as it is.",
            "isocatalog init --site ams --address ams.example.com --volume /srv/console-isos",
            "isocatalog init --site nyc --address nyc.example.com --join",
            "isocatalog init --config ./site.yaml --data ./data")
        {
            config, json, site, data, volume, join, address, rootKeys, threshold,
        };
        command.SetAction((parsed, _) =>
        {
            var screen = new Screen(parsed.GetValue(json), quiet: false);
            return Verb.RunAsync(screen, () => Task.FromResult(Run(
                new InitRequest(
                    Path.GetFullPath(parsed.GetRequiredValue(config)),
                    parsed.GetValue(site)!,
                    parsed.GetValue(data)?.FullName ?? DefaultPaths.Data,
                    parsed.GetValue(volume)?.FullName,
                    parsed.GetValue(join),
                    parsed.GetValue(address),
                    parsed.GetValue(rootKeys) ?? [],
                    parsed.GetValue(threshold)),
                screen,
                defaults.Time.GetUtcNow())));
        });
        return command;
    }

    /// <summary>Folders and keys for a configuration that is already loaded.</summary>
    public static void Prepare(SiteConfiguration configuration)
    {
        var folders = new SiteFolders(configuration.Data, configuration.Inbox.Path);
        folders.Create();
        SiteKeys.Generate(folders);
        foreach (var volume in configuration.Surfaces.OfType<SurfaceConfiguration.Volume>())
        {
            Directory.CreateDirectory(volume.Path);
        }
    }

    private static int Run(InitRequest request, Screen screen, DateTimeOffset now)
    {
        string? token = null;
        try
        {
            if (!File.Exists(request.Config))
            {
                var (text, sha256) = Token.Generate();
                token = text;
                Directory.CreateDirectory(Path.GetDirectoryName(request.Config)!);
                File.WriteAllText(request.Config, FirstConfiguration(request, sha256.ToString()));
            }

            var result = ConfigurationFile.Load(request.Config);
            if (result is not ConfigurationResult.Loaded { Configuration: var configuration })
            {
                return StartReport.Print(((ConfigurationResult.Invalid)result).Problems, request.Config);
            }

            Prepare(configuration);
            var report = new InitReport(configuration.Site, request.Config, configuration.Data, token);
            report = request.Join ? Asked(configuration, request, report, now) : Founded(configuration, request, report, now);
            screen.Object(report, StartJson.Readable.InitReport);
            Tell(screen, report);
            return ExitCode.Ok;
        }
        catch (SiteStartException e)
        {
            throw new VerbException(ExitCode.ConfigurationInvalid, e.Code, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(
                ExitCode.ConfigurationInvalid, "configuration-invalid", $"{e.Message} Run it as a user that may write there, or choose --config and --data.");
        }
    }

    private static InitReport Asked(SiteConfiguration configuration, InitRequest request, InitReport report, DateTimeOffset now)
    {
        var folders = new SiteFolders(configuration.Data, configuration.Inbox.Path);
        if (request.Address is null)
        {
            throw VerbException.Usage("--join needs --address HOST: the name or address that the other sites reach this one by.");
        }

        if (TrustStore.Exists(folders))
        {
            MakeNewKeys(configuration, folders);
        }

        var fingerprint = FleetFounding.Ask(configuration, null, FleetFounding.AddressOf(request.Address, configuration.Listen), now);
        return report with { JoinRequest = folders.JoinRequest, Fingerprint = fingerprint };
    }

    /// <summary>A site that was taken out of its fleet comes back with what it has, but never with the keys that were taken from it.</summary>
    private static void MakeNewKeys(SiteConfiguration configuration, SiteFolders folders)
    {
        var trust = TrustStore.Load(folders).Chain.Current;
        if (trust.Sites.GetValueOrDefault(configuration.Site) is { Status: SiteStatus.Active })
        {
            throw new VerbException(
                ExitCode.Conflict,
                "conflict",
                $"Site '{configuration.Site}' belongs to a fleet already ({folders.Trust}). If it was taken out, it has not heard of it: let it run until 'isocatalog status' "
                + "shows site-not-trusted.",
                409);
        }

        using var alone = FolderLock.TryTake(folders.LockFile) ?? throw new VerbException(
            ExitCode.Conflict, "conflict", $"The site of {folders.Data} runs. Stop it first: it gets new keys.", 409);
        if (trust.Keys.ContainsKey(SiteKeys.ReadSigningPublic(folders).KeyId))
        {
            SiteKeys.Replace(folders);
        }
    }

    private static InitReport Founded(SiteConfiguration configuration, InitRequest request, InitReport report, DateTimeOffset now)
    {
        var folders = new SiteFolders(configuration.Data, configuration.Inbox.Path);
        if (TrustStore.Exists(folders) || File.Exists(folders.JoinRequest))
        {
            return report;
        }

        string[] paths = request.RootKeys.Length > 0
            ? [.. request.RootKeys.Select(Path.GetFullPath)]
            : [Path.Combine(Path.GetDirectoryName(request.Config)!, RootKeyFile.Name)];
        var threshold = request.Threshold ?? (paths.Length / 2) + 1;
        if (threshold < 1 || threshold > paths.Length)
        {
            throw VerbException.Usage($"--threshold {threshold}: there are {paths.Length} root keys.");
        }

        var roots = new List<SigningKey>();
        try
        {
            foreach (var path in paths)
            {
                if (!File.Exists(path))
                {
                    RootKeyFile.Generate(path);
                }

                roots.Add(RootKeyFile.Load(path));
            }

            var address = request.Address is null ? null : FleetFounding.AddressOf(request.Address, configuration.Listen);
            FleetFounding.Found(configuration, roots, threshold, address, now);
        }
        finally
        {
            roots.ForEach(r => r.Dispose());
        }

        return report with { RootKeys = paths };
    }

    private static void Tell(Screen screen, InitReport report)
    {
        screen.Line($"Site {report.Site}: configuration {report.Config}, data {report.Data}");
        if (report.AdminToken is not null)
        {
            screen.Line($"Admin token (shown only now; its SHA-256 is in the configuration): {report.AdminToken}");
        }

        foreach (var path in report.RootKeys ?? [])
        {
            screen.Line($"Root key of the new fleet: {path}");
        }

        if (report.RootKeys is not null)
        {
            screen.Line("Take root keys off this machine now, each to a place that is not on the network, with a copy: who has them decides which sites belong to");
            screen.Line("the fleet, and without them no site can be added or removed. The site itself does not need them.");
        }

        if (report.JoinRequest is null)
        {
            screen.Line($"Next: isocatalog serve --config {report.Config}");
            return;
        }

        screen.Line($"Join request: {report.JoinRequest}");
        screen.Line($"Fingerprint:  {report.Fingerprint}");
        screen.Line("Next: take the request to the first site or to who keeps the root keys, and read the fingerprint to them by another way:");
        screen.Line("  isocatalog trust add-site join-request.json --root-key root-key.pem --out join.json");
        screen.Line($"Then, here: isocatalog join join.json --config {report.Config}");
    }

    private static string FirstConfiguration(InitRequest request, string tokenSha256) =>
        $"""
        # The configuration of this site; config/site.yaml of the distribution explains every key.
        site: {request.Site}
        data: {request.Data}
        listen: {'{'} api: "127.0.0.1:8080", iso: "0.0.0.0:8088"{(request.Join || request.Address is not null ? ", fleet: \"0.0.0.0:58888\", swarm: \"0.0.0.0:58889\"" : "")} {'}'}
        tokens:
          - {'{'} name: admin, role: admin, sha256: "{tokenSha256}" {'}'}
        surfaces:
          # BMCs in these networks may mount by URL; set address to the one that they reach this machine by.
          - {'{'} name: bmc, kind: ipmi, address: "127.0.0.1", allow: ["127.0.0.0/8"] {'}'}
        {(request.Volume is null ? "" : $"  - {'{'} name: console, kind: volume, path: {request.Volume} {'}'}\n")}
        """;

    private sealed record InitRequest(
        string Config, string Site, string Data, string? Volume, bool Join, string? Address, string[] RootKeys, int? Threshold);
}
