using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IsoCatalog.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>The examples of docs/panel.md, run as they stand there by a shell and curl. Only what is a placeholder is replaced.</summary>
public sealed partial class PanelExampleTests
{
    private const string Token = "panel-token-0123456789";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [RunsExample("docs/panel.md", "SITE=")]
    [RunsExample("docs/panel.md", "curl ")]
    [RunsExample("docs/panel.md", "{\"site\"")]
    public async Task Every_example_works_in_the_order_of_the_page()
    {
        var setting = Assert.Single(PageExamples.Of("docs/panel.md", "SITE="));
        var calls = PageExamples.Of("docs/panel.md", "curl ");
        Assert.Equal(["available", "available", "available", "leases", "leases/$LEASE", "leases/$LEASE"], calls.Select(c => Route().Match(c).Groups["route"].Value));

        await using var site = await TestSite.StartAsync(Cancel, new TestSiteOptions
        {
            OpenOnLoopback = false,
            Surfaces =
                """
                  - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8", "10.0.0.0/8"] }
                """,
            Extra = $$"""
                store: { floor: 1MiB }
                tokens:
                  - { name: panel, role: panel, sha256: "{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token)))}}" }
                """,
        });
        await File.WriteAllTextAsync(Path.Combine(site.Root, "panel-token"), Token, Cancel);
        var image = await AddAsync(site);
        var shell = new Shell(site, Replaced(setting, "https://isos.ams.example.com:8443", site.Api.ToString().TrimEnd('/')));

        var (status, listed) = await shell.RunAsync(calls[0]);
        Assert.Equal(200, status);
        var example = Assert.Single(PageExamples.Of("docs/panel.md", "{\"site\""));
        AssertShown(JsonNode.Parse(example)!, JsonNode.Parse(listed)!);

        string etag;
        using (var caller = new ApiCaller(site.Api, Token))
        {
            etag = (await caller.GetAsync("/api/v1/available?surface=ipmi"))["ETag"]!;
        }

        var (unchanged, head) = await shell.RunAsync(Replaced(calls[1], "\"3f2c...\"", etag));
        Assert.Equal(304, unchanged);
        Assert.Contains("HTTP/1.1 304", head, StringComparison.Ordinal);

        Assert.Equal("", await shell.PrintsAsync(calls[2]));
        using (var local = ApplianceClient.OverSocket(site.Socket))
        {
            Assert.NotNull((await local.SetAliasAsync("debian-12-latest", new AliasRequest(image.Id.ToString()), Cancel)).Moved);
        }

        Assert.Equal(image.Id.ToString(), JsonNode.Parse(await shell.PrintsAsync(calls[2]))!["id"]!.GetValue<string>());

        var (created, lease) = await shell.RunAsync(Replaced(calls[3], "sha256:d393...", image.Id.ToString()));
        Assert.Equal(201, created);
        var id = JsonNode.Parse(lease)!["id"]!.GetValue<string>();
        Assert.EndsWith("/debian_12.iso", JsonNode.Parse(lease)!["mount"]!["url"]!.GetValue<string>(), StringComparison.Ordinal);

        Assert.Equal(200, (await shell.RunAsync($"LEASE={id}\n{calls[4]}")).Status);
        Assert.Equal(204, (await shell.RunAsync($"LEASE={id}\n{calls[5]}")).Status);
        Assert.Equal(404, (await shell.RunAsync($"LEASE={id}\n{calls[5]}")).Status);
    }

    /// <summary>Over the socket, because the panel's token may not add.</summary>
    private static async Task<ImageView> AddAsync(TestSite site)
    {
        var path = Path.Combine(site.Root, "debian-12.iso");
        await File.WriteAllBytesAsync(path, IsoBuilder.InMemory("DEBIAN", 1 << 20, 1), Cancel);
        var (exit, _, errors) = await TestSite.RunAsync(
            ["add", path, "--title", "Debian 12", "--kind", "installer", "--config", site.ConfigurationPath], Cancel);
        Assert.True(exit == 0, errors);
        using var local = ApplianceClient.OverSocket(site.Socket);
        return await local.ChangeImageAsync("debian-12.iso", new ImagePatch(Order: 1), Cancel);
    }

    private static string Replaced(string text, string placeholder, string value)
    {
        Assert.Contains(placeholder, text, StringComparison.Ordinal);
        return text.Replace(placeholder, value, StringComparison.Ordinal);
    }

    /// <summary>Whatever member the example shows, the answer has, and of the same kind.</summary>
    private static void AssertShown(JsonNode example, JsonNode answer)
    {
        Assert.Equal(example.GetValueKind(), answer.GetValueKind());
        switch (example)
        {
            case JsonObject members:
                foreach (var (name, value) in members)
                {
                    // What the demo image is made for is its own business; that there is a matrix of it is the page's.
                    if (name is "arch" or "boot")
                    {
                        continue;
                    }

                    Assert.True(answer[name] is not null, $"docs/panel.md shows '{name}', the answer has none: {answer.ToJsonString()}");
                    AssertShown(value!, answer[name]!);
                }

                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().EndsWith(".iso", StringComparison.Ordinal):
                Assert.Equal(Path.GetFileName(value.GetValue<string>()), Path.GetFileName(answer.GetValue<string>()));
                break;
            case JsonArray { Count: > 0 } items:
                Assert.NotEmpty(answer.AsArray());
                AssertShown(items[0]!, answer[0]!);
                break;
        }
    }

    [GeneratedRegex(@"\$SITE/api/v1/(?<route>[a-zA-Z$/]+)", RegexOptions.None, 1000)]
    private static partial Regex Route();

    /// <summary>Runs one example after the page's own setting.</summary>
    private sealed class Shell(TestSite site, string setting)
    {
        /// <summary>What it prints, with the status besides, which curl tells.</summary>
        public async Task<(int Status, string Body)> RunAsync(string example)
        {
            var output = await PrintsAsync($$"""
                curl() { command curl --silent --show-error --write-out '\n%{http_code}' "$@"; }
                {{example}}
                """);
            var end = output.LastIndexOf('\n');
            return (int.Parse(output[(end + 1)..]), output[..end]);
        }

        public async Task<string> PrintsAsync(string example)
        {
            Counterpart.Require("curl");
            Counterpart.Require("jq");
            var script = $"""
                set -eu
                cd '{site.Root}'
                {setting}
                {example}
                """;
            return (await Counterpart.RunAsync("bash", ["-c", script], Cancel)).Succeeded();
        }
    }
}
