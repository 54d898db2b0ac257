using System.Text;
using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

public sealed class ConfigurationTests
{
    [Fact]
    public async Task Check_config_names_every_mistake_with_its_place()
    {
        using var folder = new TempFolder();
        var file = folder.Write("site.yaml", "site: AMS\ndata: /var/lib/isocatalog\nsocke: /run/x\n"u8);

        var result = await Isocatalog.RunAsync("check-config", file);

        Assert.Equal((3, ""), (result.ExitCode, result.Error));
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith($"{file}:1:7: site: ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith($"{file}:3:1: socke: ", lines[1], StringComparison.Ordinal);
        Assert.All(lines[2..^1], line => Assert.StartsWith($"warning: {file}: ", line, StringComparison.Ordinal));
        Assert.Equal($"{file} has 2 mistakes.", lines[^1]);
    }

    [Fact]
    public async Task Check_config_says_it_in_json()
    {
        using var folder = new TempFolder();
        var file = folder.Write("site.yaml", "site: ams\ndata: [1]\n"u8);

        var result = await Isocatalog.RunAsync("check-config", file, "--json");

        Assert.Equal(3, result.ExitCode);
        using var check = JsonDocument.Parse(result.Output);
        Assert.False(check.RootElement.GetProperty("valid").GetBoolean());
        var problem = Assert.Single(check.RootElement.GetProperty("problems").EnumerateArray());
        Assert.Equal((2, "data"), (problem.GetProperty("line").GetInt32(), problem.GetProperty("path").GetString()));
    }

    [Fact]
    public async Task Check_config_is_content_with_a_valid_file()
    {
        using var folder = new TempFolder();
        var file = folder.Write("site.yaml", Encoding.UTF8.GetBytes($"site: ams\ndata: {folder.Path}/data\n"));

        var result = await Isocatalog.RunAsync([("ISOCATALOG_CONFIG", file)], "check-config");
        var quiet = await Isocatalog.RunAsync("check-config", file, "--quiet");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.EndsWith($"{file} is valid.\n", result.Output, StringComparison.Ordinal);
        Assert.Equal((0, "", ""), (quiet.ExitCode, quiet.Output, quiet.Error));
    }

    [Fact]
    public async Task The_socket_comes_from_the_configuration()
    {
        using var folder = new TempFolder();
        await using var site = await ScriptedSite.StartAsync(folder.Combine("my.sock"));
        site.On("GET /api/v1/images", new ImageList([]), ApiJson.Default.ImageList);
        var file = folder.Write("site.yaml", "site: ams\ndata: data\nsocket: my.sock\n"u8);

        Assert.Equal(0, (await Isocatalog.RunAsync("ls", "--config", file)).ExitCode);
        Assert.Equal(0, (await Isocatalog.RunAsync([("ISOCATALOG_CONFIG", file)], "ls")).ExitCode);
        Assert.Equal(0, (await Isocatalog.RunAsync([("ISOCATALOG_CONFIG", "/nonexistent"), ("ISOCATALOG_SOCKET", folder.Combine("my.sock"))], "ls")).ExitCode);
        Assert.Equal(7, (await Isocatalog.RunAsync([("ISOCATALOG_CONFIG", file)], "ls", "--socket", "/nonexistent")).ExitCode);
        Assert.Equal(3, site.Requests.Count);
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_used_is_named()
    {
        using var folder = new TempFolder();
        var file = folder.Write("site.yaml", "site: AMS\ndate: x\n"u8);

        var broken = await Isocatalog.RunAsync("ls", "--config", file);
        var missing = await Isocatalog.RunAsync([("ISOCATALOG_CONFIG", folder.Combine("no.yaml"))], "ls");

        Assert.Equal((3, 3), (broken.ExitCode, missing.ExitCode));
        Assert.Contains($"{file}:1:1: data: ", broken.Error, StringComparison.Ordinal);
        Assert.Contains($"isocatalog check-config {file}", broken.Error, StringComparison.Ordinal);
        Assert.Contains($"{folder.Combine("no.yaml")}: There is no such file.", missing.Error, StringComparison.Ordinal);
    }
}
