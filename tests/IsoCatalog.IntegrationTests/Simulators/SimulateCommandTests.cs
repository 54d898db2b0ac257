using System.Text.Json.Nodes;
using IsoCatalog.IntegrationTests.Commands;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Simulators;

/// <summary>The verb, and the examples of docs/simulators.md as a shell and curl run them.</summary>
public sealed class SimulateCommandTests
{
    private const string Id = "3f0c1c1e-5a11-4f59-9c62-6f1c1b7f9a01";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [RunsExample("docs/simulators.md")]
    public async Task Every_example_of_the_page_works_and_the_end_of_its_input_is_its_end()
    {
        using var folder = new TempFolder();
        var examples = PageExamples.Of("docs/simulators.md");
        var start = Assert.Single(examples, e => e.StartsWith("isocatalog ", StringComparison.Ordinal));
        var arguments = start.Trim().Replace("/srv/iso-domain", folder.Combine("domain"), StringComparison.Ordinal)
            .Replace("engine-ca.pem", folder.Combine("engine-ca.pem"), StringComparison.Ordinal).Split(' ')[1..];
        using var engine = Isocatalog.Start([], [.. arguments, "--json", "--until-stdin-closes"]);
        try
        {
            var state = JsonNode.Parse((await engine.StandardOutput.ReadLineAsync(Cancel))!)!;
            Assert.Equal(Id, (string?)state["domains"]![0]!["id"]);
            var script = "set -eu\ncd '" + folder.Path + "'\ncurl() { command curl --fail-with-body \"$@\"; }\n"
                + string.Concat(examples.Where(e => e != start)).Replace("https://127.0.0.1:8443/ovirt-engine", (string)state["url"]!, StringComparison.Ordinal);

            var output = (await Counterpart.RunAsync("bash", ["-c", script], Cancel)).Succeeded();

            Assert.Contains("\"access_token\"", output, StringComparison.Ordinal);
            Assert.Contains("\"lagSeconds\": 45", output, StringComparison.Ordinal);
            Assert.Contains("files?refresh=false", output, StringComparison.Ordinal);
            engine.StandardInput.Close();
            await engine.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            Assert.Equal(0, engine.ExitCode);
        }
        finally
        {
            engine.Kill(entireProcessTree: true);
        }
    }

    /// <summary>As vdsm demands it of an export before it uses it; who may not give files away is told what would make it so.</summary>
    [Fact]
    public async Task A_domain_that_it_makes_belongs_to_vdsm_or_it_says_what_would_make_it_so()
    {
        using var folder = new TempFolder();
        var (fresh, old) = (folder.Combine("fresh"), Directory.CreateDirectory(folder.Combine("old")).FullName);
        var (made, note) = await CreateAsync(fresh);
        if (Environment.IsPrivilegedProcess)
        {
            Assert.Empty(note);
            var owners = (await Counterpart.RunAsync("find", [fresh, "-printf", "%U:%G %m %y\n"], Cancel)).Succeeded();
            Assert.Equal(["36:36 644 f", "36:36 660 f", "36:36 755 d", "36:36 775 d"], owners.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Order(StringComparer.Ordinal));
        }
        else
        {
            Assert.Contains($"chown 36:36 {fresh}", note, StringComparison.Ordinal);
        }

        Assert.StartsWith(fresh, made, StringComparison.Ordinal);
        (_, note) = await CreateAsync(old);
        Assert.StartsWith("note: A real host would refuse", note, StringComparison.Ordinal);
        Assert.Contains($"run as root: chown 36:36 {old}", note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/srv/iso")]
    [InlineData("/srv/iso:not-an-id")]
    [InlineData("/nonexistent/export:3f0c1c1e-5a11-4f59-9c62-6f1c1b7f9a01")]
    public async Task A_domain_that_is_none_is_refused(string domain)
    {
        var refused = await Isocatalog.RunAsync("simulate", "engine", "--domain", domain);

        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith($"error: --domain {domain.Split(":3f0")[0]}", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_domains_in_one_data_center_are_refused()
    {
        using var folder = new TempFolder();
        var refused = await Isocatalog.RunAsync(
            "simulate", "engine", "--create", "--domain", $"{folder.Combine("a")}:{Id}@ams", "--domain", $"{folder.Combine("b")}:{Guid.NewGuid():D}@ams");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("more than one ISO domain", refused.Error, StringComparison.Ordinal);
    }

    /// <returns>The folder that it lists, and what it said besides.</returns>
    private static async Task<(string Files, string Note)> CreateAsync(string export)
    {
        using var engine = Isocatalog.Start([], ["simulate", "engine", "--create", "--domain", $"{export}:{Id}", "--json", "--until-stdin-closes"]);
        try
        {
            var said = engine.StandardError.ReadToEndAsync(Cancel);
            var state = JsonNode.Parse((await engine.StandardOutput.ReadLineAsync(Cancel))!)!;
            engine.StandardInput.Close();
            await engine.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            return ((string)state["domains"]![0]!["files"]!, await said);
        }
        finally
        {
            engine.Kill(entireProcessTree: true);
        }
    }
}
