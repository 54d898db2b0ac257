using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Client;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Commands;

/// <summary>A site of the demonstration before it runs: its configuration, its folders and its keys.</summary>
internal sealed record DemoSitePlan(string ConfigurationPath, SiteConfiguration Configuration)
{
    private const string AnyPort = """listen: { api: "127.0.0.1:0", iso: "127.0.0.1:0", fleet: "127.0.0.1:0", swarm: "127.0.0.1:0" }""";

    /// <param name="panel">The hash of a token with the role panel, for clients on this machine.</param>
    /// <param name="moreSurfaces">Lines of YAML.</param>
    public static async Task<DemoSitePlan> MakeAsync(string id, string folder, Sha256Digest panel, string moreSurfaces, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "site.yaml");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(
            path,
            $$"""
            site: {{id}}
            data: {{Path.Combine(folder, "data")}}
            {{AnyPort}}
            store: { floor: 64MiB }
            log: { level: warning }
            tokens:
              - { name: panel, role: panel, sha256: "{{panel}}", allow: ["127.0.0.0/8"] }
            surfaces:
              - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
              - { name: console, kind: volume, path: {{Path.Combine(folder, "console")}}, check: 5s }
            {{moreSurfaces}}

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

    /// <summary>Writes down where it listens and where the others are, so that whoever starts it the next time finds all as it was.</summary>
    public async Task SettleAsync(SiteAddresses addresses, IReadOnlyList<PeerAddress> peers, CancellationToken cancellationToken)
    {
        var settled = $$"""listen: { api: "{{new Uri(addresses.Api).Authority}}", iso: "{{addresses.Iso}}", fleet: "{{addresses.Fleet}}", swarm: "{{addresses.Swarm}}" }""";
        if (peers.Count > 0)
        {
            settled += "\npeers:\n" + string.Join('\n', peers.Select(p => $$"""  - { site: {{p.Site}}, fleet: "{{p.Fleet}}", swarm: "{{p.Swarm}}" }"""));
        }

        var text = await File.ReadAllTextAsync(ConfigurationPath, cancellationToken);
        await File.WriteAllTextAsync(ConfigurationPath, text.Replace(AnyPort, settled, StringComparison.Ordinal), cancellationToken);
    }
}
