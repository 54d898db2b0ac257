using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Commands;

/// <summary>A site of the demonstration before it runs: its configuration, its folders and its keys.</summary>
internal sealed record DemoSitePlan(string ConfigurationPath, SiteConfiguration Configuration)
{
    public static async Task<DemoSitePlan> MakeAsync(string id, string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "site.yaml");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(
            path,
            $$"""
            site: {{id}}
            data: {{Path.Combine(folder, "data")}}
            listen: { api: "127.0.0.1:0", iso: "127.0.0.1:0", fleet: "127.0.0.1:0", swarm: "127.0.0.1:0" }
            store: { floor: 64MiB }
            log: { level: warning }
            surfaces:
              - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
              - { name: console, kind: volume, path: {{Path.Combine(folder, "console")}}, check: 5s }

            """,
            cancellationToken);
        var result = ConfigurationFile.Load(path);
        if (result is not ConfigurationResult.Loaded { Configuration: var configuration })
        {
            StartReport.Print(((ConfigurationResult.Invalid)result).Problems, path);
            throw new DemoException($"The demonstration's own configuration {path} is not valid.");
        }

        InitCommand.Prepare(configuration);
        return new DemoSitePlan(path, configuration);
    }
}
