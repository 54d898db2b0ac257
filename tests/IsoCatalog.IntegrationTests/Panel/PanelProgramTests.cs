using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.IntegrationTests.Commands;
using IsoCatalog.Testing;
using Xunit;
using YourPanel;

namespace IsoCatalog.IntegrationTests.Panel;

/// <summary>The C# and PHP of docs/panel.md, as they stand there, against a real site.</summary>
public sealed class PanelProgramTests : IDisposable
{
    private const string Token = "panel-token-0123456789";

    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    [RunsExample("docs/panel.md", "using System.Collections.Concurrent;")]
    public async Task The_csharp_of_the_page_is_the_one_that_is_compiled_here()
    {
        var compiled = await File.ReadAllTextAsync(OpenApiDocumentTests.RepositoryFile("tests/IsoCatalog.IntegrationTests/Panel/SitePanel.cs"), Cancel);
        Assert.Equal(compiled, Assert.Single(PageExamples.Of("docs/panel.md", "using System.Collections.Concurrent;")));
    }

    [Fact]
    public async Task A_panel_in_csharp_lists_holds_keeps_and_gives_back()
    {
        await using var site = await StartAsync();
        var image = await AddAsync(site);
        using var panel = new SitePanel(site.Api, Token);
        var listed = Assert.Single((await panel.ListAsync("ipmi", Cancel))!);
        Assert.Equal((image.Id, "Debian 12"), (listed.Id, listed.Title));
        Assert.Same(listed, Assert.Single((await panel.ListAsync("ipmi", Cancel))!));

        var (lease, _) = await panel.HoldAsync(listed.Id.ToString(), "bmc", "127.0.0.1", Cancel);
        using (var bmc = new ApiCaller(new Uri(lease!.Mount.Url!)))
        {
            Assert.Equal(image.Size, (await bmc.GetAsync("")).Body.Length);
        }

        await panel.KeepAsync(lease.Id, Cancel);
        await RemoveAsync(site, image);
        Assert.Empty((await panel.ListAsync("ipmi", Cancel))!);
        var (none, why) = await panel.HoldAsync(listed.Id.ToString(), "bmc", "127.0.0.1", Cancel);
        Assert.Null(none);
        Assert.NotEmpty(why!);
        await panel.EjectedAsync(lease.Id, Cancel);
        await panel.EjectedAsync(lease.Id, Cancel);

        await site.StopAsync();
        Assert.Null(await panel.ListAsync("ipmi", Cancel));
    }

    [Fact]
    [RunsExample("docs/panel.md", "<?php")]
    [RunsExample("docs/panel.md", "$panel = new SitePanel")]
    public async Task A_panel_in_php_lists_holds_keeps_and_gives_back()
    {
        string[] blocks = [Assert.Single(PageExamples.Of("docs/panel.md", "<?php")), Assert.Single(PageExamples.Of("docs/panel.md", "$panel = new SitePanel"))];
        Counterpart.Require("php");
        await using var site = await StartAsync();
        var image = await AddAsync(site);
        await File.WriteAllTextAsync(_folder.Combine("panel-token"), Token + "\n", Cancel);
        await File.WriteAllTextAsync(_folder.Combine("SitePanel.php"), blocks[0], Cancel);
        const string Documented = "https://isos.ams.example.com:8443";
        Assert.Contains(Documented, blocks[1], StringComparison.Ordinal);
        Assert.Contains("10.1.2.3", blocks[1], StringComparison.Ordinal);
        var usage = blocks[1].Replace(Documented, site.Api.ToString().TrimEnd('/'), StringComparison.Ordinal).Replace("10.1.2.3", "127.0.0.1", StringComparison.Ordinal);

        var shown = await PhpAsync(usage + "echo $lease['id'], \"\\n\"; $panel->keep($lease['id']); echo count($panel->list('ipmi')), \"\\n\";");
        var lines = shown.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"{image.Id} Debian 12", lines[0]);
        using (var bmc = new ApiCaller(new Uri(lines[1])))
        {
            Assert.Equal(image.Size, (await bmc.GetAsync("")).Body.Length);
        }

        Assert.Equal("1", lines[3]);
        await RemoveAsync(site, image);
        var panel = usage[..usage.IndexOf('\n')];
        var refused = await PhpAsync(
            $$"""
            {{panel}}
            echo json_encode($panel->list('ipmi')), "\n";
            try { $panel->hold('{{image.Id}}', 'bmc', '127.0.0.1'); echo "held\n"; } catch (SiteRefused $no) { echo $no->type, ' ', $no->getMessage(), "\n"; }
            $panel->ejected('{{lines[2]}}');
            $panel->ejected('{{lines[2]}}');
            """);
        Assert.StartsWith("[]\nurn:isocatalog:problem:not-", refused, StringComparison.Ordinal);

        await site.StopAsync();
        Assert.Equal("null\n", await PhpAsync(panel + "\necho json_encode($panel->list('ipmi')), \"\\n\";"));
    }

    [Fact]
    [RunsExample("docs/panel.md", "<?php")]
    public async Task The_demonstration_takes_a_panel_in_php_with_the_token_that_it_names()
    {
        Counterpart.Require("php");
        await File.WriteAllTextAsync(_folder.Combine("SitePanel.php"), Assert.Single(PageExamples.Of("docs/panel.md", "<?php")), Cancel);
        using var demo = Isocatalog.Start([], "demo", "--json", "--sites", "1", "--dir", _folder.Combine("demo"));
        try
        {
            var report = JsonNode.Parse((await demo.StandardOutput.ReadLineAsync(Cancel))!)!;
            var (site, token) = (report["sites"]![0]!["api"]!.GetValue<string>().TrimEnd('/'), report["panelToken"]!.GetValue<string>());
            var shown = await PhpAsync(
                $$"""
                $panel = new SitePanel('{{site}}', '{{token}}');
                $image = $panel->list('ipmi')[0];
                $lease = $panel->hold($image['id'], 'bmc', '127.0.0.1');
                $panel->keep($lease['id']);
                $panel->ejected($lease['id']);
                echo $image['id'], ' ', count($panel->list('console')), ' ', parse_url($lease['mount']['url'], PHP_URL_HOST), "\n";
                try { (new SitePanel('{{site}}', 'another'))->list('ipmi'); } catch (SiteRefused $no) { echo $no->status, "\n"; }
                """);
            Assert.Equal($"{report["image"]!["id"]!.GetValue<string>()} 1 127.0.0.1\n401\n", shown);

            // Nothing but its hash is written down, and it opens nothing but what a panel may.
            Assert.DoesNotContain(
                Directory.EnumerateFiles(_folder.Combine("demo"), "*.yaml", SearchOption.AllDirectories), f => File.ReadAllText(f).Contains(token, StringComparison.Ordinal));
            using var caller = new ApiCaller(new Uri(site), token);
            (await caller.GetAsync("/api/v1/status")).Refused(403, "forbidden");
        }
        finally
        {
            demo.Kill(entireProcessTree: true);
        }
    }

    private async Task<string> PhpAsync(string usage)
    {
        var script = _folder.Combine("run.php");
        await File.WriteAllTextAsync(script, $"<?php\nerror_reporting(E_ALL);\nini_set('display_errors', '1');\nchdir(__DIR__);\nrequire 'SitePanel.php';\n{usage}\n", Cancel);
        return (await Counterpart.RunAsync("php", [script], Cancel)).Succeeded();
    }

    private static Task<TestSite> StartAsync() => TestSite.StartAsync(Cancel, new TestSiteOptions
    {
        OpenOnLoopback = false,
        Surfaces = """  - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }""",
        Extra = $$"""
            store: { floor: 1MiB }
            tokens:
              - { name: panel, role: panel, sha256: "{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token)))}}" }
            """,
    });

    /// <summary>Over the socket, because the panel's token may not add.</summary>
    private static async Task<ImageView> AddAsync(TestSite site)
    {
        var path = Path.Combine(site.Root, "debian-12.iso");
        await File.WriteAllBytesAsync(path, IsoBuilder.InMemory("DEBIAN", 40_000, 1), Cancel);
        var (exit, output, errors) = await TestSite.RunAsync(["add", path, "--title", "Debian 12", "--json", "--config", site.ConfigurationPath], Cancel);
        Assert.True(exit == 0, errors);
        using var local = ApplianceClient.OverSocket(site.Socket);
        return await local.GetImageAsync(JsonNode.Parse(output)!["id"]!.GetValue<string>(), Cancel);
    }

    private static async Task RemoveAsync(TestSite site, ImageView image)
    {
        using var local = ApplianceClient.OverSocket(site.Socket);
        await local.RemoveImageAsync(image.Id.ToString(), null, Cancel);
    }
}
