using System.CommandLine;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Storage;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog init</c>: makes a site's folders and keys, and its configuration if there is none. Changes nothing that is there.</summary>
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
        var command = new Verb(
            "init",
            "Make a site: configuration, folders, keys and a first token. What is there stays as it is.",
            "isocatalog init --site ams --volume /srv/console-isos",
            "isocatalog init --config ./site.yaml --data ./data")
        {
            config, json, site, data, volume,
        };
        command.SetAction(parsed => Run(
            Path.GetFullPath(parsed.GetRequiredValue(config)),
            parsed.GetValue(site)!,
            parsed.GetValue(data)?.FullName ?? DefaultPaths.Data,
            parsed.GetValue(volume)?.FullName,
            parsed.GetValue(json)));
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

    private static int Run(string path, string site, string data, string? volume, bool json)
    {
        string? token = null;
        try
        {
            if (!File.Exists(path))
            {
                var (text, sha256) = Token.Generate();
                token = text;
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, FirstConfiguration(site, data, volume, sha256.ToString()));
            }

            var result = ConfigurationFile.Load(path);
            if (result is not ConfigurationResult.Loaded { Configuration: var configuration })
            {
                return StartReport.Print(((ConfigurationResult.Invalid)result).Problems, path);
            }

            Prepare(configuration);
            if (json)
            {
                Console.Out.WriteLine(System.Text.Json.JsonSerializer.Serialize(
                    new InitReport(configuration.Site, path, configuration.Data, token), StartJson.Default.InitReport));
                return ExitCode.Ok;
            }

            Console.Out.WriteLine($"Site {configuration.Site}: configuration {path}, data {configuration.Data}");
            if (token is not null)
            {
                Console.Out.WriteLine($"Admin token (shown only now; its SHA-256 is in the configuration): {token}");
            }

            Console.Out.WriteLine($"Next: isocatalog serve --config {path}");
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"error: {e.Message} Run it as a user that may write there, or choose --config and --data.");
            return ExitCode.ConfigurationInvalid;
        }
    }

    private static string FirstConfiguration(string site, string data, string? volume, string tokenSha256) =>
        $"""
        # The configuration of this site; config/site.yaml of the distribution explains every key.
        site: {site}
        data: {data}
        listen: {'{'} api: "127.0.0.1:8080", iso: "0.0.0.0:8088" {'}'}
        tokens:
          - {'{'} name: admin, role: admin, sha256: "{tokenSha256}" {'}'}
        surfaces:
          # BMCs in these networks may mount by URL; set address to the one that they reach this machine by.
          - {'{'} name: bmc, kind: ipmi, address: "127.0.0.1", allow: ["127.0.0.0/8"] {'}'}
        {(volume is null ? "" : $"  - {'{'} name: console, kind: volume, path: {volume} {'}'}\n")}
        """;
}
