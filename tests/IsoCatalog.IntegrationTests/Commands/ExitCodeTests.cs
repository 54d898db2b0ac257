using System.Globalization;
using System.Text.Json;
using IsoCatalog.IntegrationTests.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

public sealed class ExitCodeTests
{
    [Theory]
    [InlineData(400, "invalid-request", 4)]
    [InlineData(401, "unauthorized", 9)]
    [InlineData(403, "forbidden", 9)]
    [InlineData(404, "unknown-surface", 5)]
    [InlineData(409, "not-ready", 6)]
    [InlineData(422, "not-an-iso", 4)]
    [InlineData(500, "read-error", 1)]
    [InlineData(501, "not-supported", 4)]
    [InlineData(503, "clock-implausible", 7)]
    [InlineData(507, "no-space", 8)]
    public async Task A_refusal_ends_with_its_code_and_says_why(int status, string code, int exitCode)
    {
        await using var site = await ScriptedSite.StartAsync();
        site.Refuse("GET /api/v1/images", status, code, "It is so \u001b[31mbecause\u001b[0m.");

        var result = await Isocatalog.RunAsync("ls", "--json", "--server", site.Address.ToString());

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Equal("error: It is so \uFFFD[31mbecause\uFFFD[0m.\n", result.Error);
        using var problem = JsonDocument.Parse(result.Output);
        Assert.Equal("urn:isocatalog:problem:" + code, problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task An_answer_that_is_no_sites_is_unexpected()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/images", "<html>Router login</html>", "text/html");

        var result = await Isocatalog.RunAsync("ls", "--server", site.Address.ToString());

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains("Is that an IsoCatalog site", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_site_that_is_not_running_is_unreachable()
    {
        using var folder = new TempFolder();
        var socket = folder.Combine("no.sock");

        var result = await Isocatalog.RunAsync("ls", "--socket", socket, "--json");

        Assert.Equal(7, result.ExitCode);
        Assert.StartsWith($"error: There is no socket {socket}. Is `isocatalog serve` running", result.Error, StringComparison.Ordinal);
        using var problem = JsonDocument.Parse(result.Output);
        Assert.Equal("urn:isocatalog:problem:unreachable", problem.RootElement.GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_socket_that_belongs_to_others_is_not_permitted()
    {
        using var folder = new TempFolder();
        var socket = folder.Combine("s.sock");
        await using var site = await ScriptedSite.StartAsync(socket);
        File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
        Assert.SkipUnless(Environment.UserName == "root", "Only root can become another user.");

        var result = await Counterpart.RunAsync(
            "setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", Counterpart.Require("dotnet"), Isocatalog.Assembly, "ls", "--socket", socket],
            TestContext.Current.CancellationToken);

        Assert.Equal(9, result.ExitCode);
        Assert.Contains($"may not open the socket {socket}", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("frobnicate")]
    [InlineData("token --role root")]
    [InlineData("token --role 1")]
    [InlineData("trust quota --names x --root-key k")]
    [InlineData("restore --by a --by b --since 2h")]
    [InlineData("add a.iso --shar256 12")]
    [InlineData("ls --nope")]
    [InlineData("ls --all --surface console")]
    [InlineData("add")]
    [InlineData("add a.iso b.iso --name c.iso")]
    [InlineData("add a.iso --sha256 12")]
    [InlineData("add a.iso --timeout 5")]
    [InlineData("show 12ab --socket /nonexistent")]
    [InlineData("show sha256:xyz --socket /nonexistent")]
    [InlineData("ls --server isos.example.com")]
    [InlineData("ls --server http://127.0.0.1:1 --socket /nonexistent")]
    [InlineData("ls --token-file /nonexistent --socket /nonexistent")]
    [InlineData("ls --server http://127.0.0.1:1 --token-file /nonexistent")]
    [InlineData("ls --server http://127.0.0.1:1 --token-file /dev/zero")]
    [InlineData("ls --server http://127.0.0.1:1 --ca-file /dev/null")]
    public async Task A_command_line_that_makes_no_sense_is_refused_before_anybody_is_asked(string arguments)
    {
        var result = await Isocatalog.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("error: ", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_watch_with_130()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/status", Samples.Status(), IsoCatalog.Client.ApiJson.Default.StatusView);
        using var process = Isocatalog.Start([], "status", "--watch", "--server", site.Address.ToString());
        try
        {
            Assert.StartsWith("Site", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            await Counterpart.RunAsync("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)], TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);

            Assert.Equal(130, process.ExitCode);
            Assert.Equal("cancelled\n", await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Theory]
    [InlineData("add")]
    [InlineData("ls")]
    [InlineData("show")]
    [InlineData("rm")]
    [InlineData("restore")]
    [InlineData("status")]
    [InlineData("confirm")]
    [InlineData("check-config")]
    [InlineData("completion")]
    [InlineData("man")]
    public async Task Help_of_a_verb_ends_with_examples(string verb)
    {
        var result = await Isocatalog.RunAsync(verb, "--help");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains($"Examples:\n  isocatalog {verb}", result.Output, StringComparison.Ordinal);
    }
}
