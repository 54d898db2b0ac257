using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

public sealed class CatalogVerbTests : IAsyncLifetime
{
    private ScriptedSite _site = null!;

    public async ValueTask InitializeAsync()
    {
        _site = await ScriptedSite.StartAsync();
        var debian = Samples.Image();
        var rescue = Samples.Image(
            "abcdee", "rescue.iso", Samples.Everywhere(CellState.Withdrawn, "file-changed", "[red]It[/] was edited."), "\u001b]0;owned\u0007[bold]R[/]\u202E");
        _site.On("GET /api/v1/images", new ImageList([debian, rescue]), ApiJson.Default.ImageList)
            .On("GET /api/v1/images/" + debian.Id, debian, ApiJson.Default.ImageView)
            .On("GET /api/v1/images/" + rescue.Id, rescue, ApiJson.Default.ImageView)
            .On("GET /api/v1/images/debian.iso", debian, ApiJson.Default.ImageView)
            .On("DELETE /api/v1/images/" + debian.Id, debian, ApiJson.Default.ImageView, 202)
            .On("POST /api/v1/images/" + Samples.Id("012345") + "/restore", Samples.Image("012345", "old.iso"), ApiJson.Default.ImageView, 202)
            .On("POST /api/v1/images/old.iso/restore", Samples.Image("012345", "old.iso"), ApiJson.Default.ImageView, 202)
            .Refuse("POST /api/v1/images/debian.iso/restore", 409, "not-restorable", "It was not removed.")
            .On("GET /api/v1/available", Samples.Available("debian.iso"), ApiJson.Default.AvailableAnswer)
            .On("GET /api/v1/retired", new RetiredList([new RetiredView(Samples.Id("012345"), "old.iso", 1 << 20, Samples.Then, null)]), ApiJson.Default.RetiredList)
            .On("GET /api/v1/blocks", new BlockList([new BlockView(Samples.Id("fedcba"), null, "tampered", "admin", "ams", Samples.Then, 0)]), ApiJson.Default.BlockList)
            .On(
                "GET /api/v1/status",
                Samples.Status(new DriftView("surface-missing", "The folder is gone.", "console", null, Samples.Then)),
                ApiJson.Default.StatusView);
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Ls_shows_each_image_on_each_surface_and_needs_no_terminal()
    {
        var result = await AskAsync("ls");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        var lines = Lines(result);
        Assert.Equal(["NAME", "SIZE", "ADDED", "ID", "bmc", "console"], Words(lines[0]));
        Assert.Equal(["debian.iso", "5.0", "MiB", "2026-03-01", "abcdef000000", "advertised", "advertised"], Words(lines[1]));
        Assert.Equal(["rescue.iso", "5.0", "MiB", "2026-03-01", "abcdee000000", "advertised", "withdrawn"], Words(lines[2]));
        Assert.DoesNotContain('\u001b', result.Output);
        Assert.DoesNotContain(lines, line => line.EndsWith(' '));
    }

    [Fact]
    public async Task Ls_of_several_sites_has_a_column_for_each()
    {
        await using var site = await ScriptedSite.StartAsync();
        var image = Samples.Image();
        site.On(
            "GET /api/v1/images",
            new ImageList([image with
            {
                Ready = new Dictionary<string, IReadOnlyDictionary<string, CellView>>
                {
                    ["ams"] = Samples.Everywhere(),
                    ["msk"] = new Dictionary<string, CellView>(),
                    ["nyc"] = Samples.Everywhere(CellState.Verifying),
                    ["osl"] = Samples.Everywhere(CellState.Advertised, "site-late", "osl was last heard 70 s ago."),
                },
            }]),
            ApiJson.Default.ImageList);

        var result = await Isocatalog.RunAsync("ls", "--server", site.Address.ToString());

        Assert.Equal(["NAME", "SIZE", "ADDED", "ID", "ams", "msk", "nyc", "osl"], Words(Lines(result)[0]));
        Assert.Matches(@"abcdef000000 +advertised +unknown +verifying \(1 of 2 ready\) +late$", Lines(result)[1]);
    }

    [Fact]
    public async Task Status_has_a_line_for_each_site_and_each_transfer()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On(
            "GET /api/v1/status",
            Samples.Status() with
            {
                Sites =
                [
                    new SiteStanding("ams", true, "ok", null, null, 2, [new SurfaceStanding("bmc", "ipmi", "ipmi", 3, 3, null, null)], 1L << 40, 3, 0, 0, null, null),
                    new SiteStanding(
                        "nyc", false, "late", Samples.Then, 75, 2, [new SurfaceStanding("b", "ipmi", "ipmi", 1, 3, "surface-missing", Samples.Then)], 1 << 30, 1, 2, 1, null,
                        new SiteLink("nyc:58888", null, null, "Connection refused.", "unreachable", Samples.Then, null, null)),
                    new SiteStanding("msk", false, "unknown", null, null, null, [], null, null, null, null, null, new SiteLink("msk:58888", null, null, null, null, null, null, null)),
                ],
                Transfers =
                [
                    new TransferView(
                        Samples.Id("abcdef"), "debian.iso", Samples.Id("abcdef").Sha256, "fetching", 1 << 30, 1 << 29, 1 << 29, 1 << 20, 512, 8, Samples.Then, null, null,
                        [new TransferPeer("nyc", 1 << 20, 0, 8, 0.1, 1)]),
                ],
                Uploads = [new UploadView("msk", Samples.Id("abcdef"), "debian.iso", 1 << 20, 1 << 21, 0.25)],
            },
            ApiJson.Default.StatusView);

        var output = (await Isocatalog.RunAsync("status", "--server", site.Address.ToString())).Output;

        Assert.Matches(@"SITE +STATE +HEARD +IPMI +BEHIND +FREE +LINK", output);
        Assert.Matches(@"ams +ok +this site +3 of 3 +- +1\.0 TiB +-", output);
        Assert.Matches(@"nyc +late +\S+ d ago +1 of 3 \(surface-missing\) +2 images, 1 document +1\.0 GiB +unreachable: Connection refused\.", output);
        Assert.Matches(@"msk +unknown +never +- +\? +- +no answer yet", output);
        Assert.Matches(@"debian\.iso +fetching +\[########\.{8}\] 50 % +1\.0 GiB +1\.0 MiB/s +9 min +nyc 1\.0 MiB/s +-", output);
        Assert.Matches(@"debian\.iso +msk +1\.0 MiB/s +2\.0 MiB +\[####\.{12}\] 25 %", output);
    }

    [Fact]
    public async Task Ls_of_a_surface_shows_what_can_be_mounted()
    {
        var result = await AskAsync("ls", "--surface", "console");

        Assert.Contains("/isos/debian.iso", Lines(result)[1], StringComparison.Ordinal);
        Assert.Equal("GET /api/v1/available?surface=console", Assert.Single(_site.Requests).ToString());
    }

    [Fact]
    public async Task Ls_all_shows_what_can_be_restored_and_what_is_recalled()
    {
        var result = await AskAsync("ls", "--all");

        Assert.Equal(["old.iso", "1.0", "MiB", "removed", "2026-03-01", "012345000000", "-", "-"], Words(Lines(result)[^2]));
        Assert.Equal(["-", "-", "recalled", "2026-03-01", "fedcba000000", "-", "-"], Words(Lines(result)[^1]));
    }

    [Theory]
    [InlineData("ls", "images")]
    [InlineData("ls --all", "retired")]
    [InlineData("ls --surface console", "asOf")]
    [InlineData("show debian.iso", "sha256")]
    [InlineData("status", "surfaces")]
    [InlineData("rm debian.iso --yes", "id")]
    [InlineData("restore old.iso", "id")]
    public async Task Json_is_one_object_on_one_line(string arguments, string member)
    {
        var result = await AskAsync([.. arguments.Split(' '), "--json"]);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        using var answer = JsonDocument.Parse(Assert.Single(Lines(result)));
        Assert.True(answer.RootElement.TryGetProperty(member, out _));
    }

    [Fact]
    public async Task Quiet_is_ids_only()
    {
        var result = await AskAsync("ls", "-q");

        Assert.Equal($"{Samples.Id("abcdef")}\n{Samples.Id("abcdee")}\n", result.Output);
    }

    [Fact]
    public async Task Show_gives_the_reasons_and_obeys_no_text_of_an_image()
    {
        var result = await AskAsync("show", "abcdee");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("file-changed: [red]It[/] was edited.", result.Output, StringComparison.Ordinal);
        Assert.Contains("[bold]R[/]", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(result.Output, c => c is '\u001b' or '\u0007' or '\u202E');
    }

    [Fact]
    public async Task Digits_that_several_ids_begin_with_are_refused_with_their_names()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On(
            "GET /api/v1/images",
            new ImageList([Samples.Image("abcdef1"), Samples.Image("abcdef2", "rescue.iso")]),
            ApiJson.Default.ImageList);

        var result = await Isocatalog.RunAsync("rm", "ABCDEF", "--yes", "--server", site.Address.ToString());

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("abcdef100000 debian.iso, abcdef200000 rescue.iso", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Digits_that_no_id_begins_with_are_not_found()
    {
        var result = await AskAsync("show", "ffffff");

        Assert.Equal(5, result.ExitCode);
        Assert.StartsWith("error: There is no image ffffff here.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rm_asks_nobody_only_when_it_is_told_so()
    {
        var refused = await AskAsync("rm", "debian.iso");
        Assert.Equal((2, "error: Nobody is here to be asked whether debian.iso shall be removed. Give --yes.\n"), (refused.ExitCode, refused.Error));
        Assert.DoesNotContain(_site.Requests, r => r.Method == "DELETE");

        var removed = await AskAsync("rm", "sha256:abcdef", "--yes", "--why", "end of life");
        Assert.Equal((0, "debian.iso is withdrawn from every surface. To bring it back: isocatalog restore debian.iso\n"), (removed.ExitCode, removed.Output));
        Assert.Equal($"DELETE /api/v1/images/{Uri.EscapeDataString(Samples.Id("abcdef").ToString())}?why=end%20of%20life", _site.Requests[^1].ToString());
    }

    [Theory]
    [InlineData("y", 0)]
    [InlineData("n", 130)]
    public async Task Rm_asks_on_a_terminal(string answer, int exitCode)
    {
        var result = await OnTerminalAsync(answer, "rm", "debian.iso");

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains("Remove debian.iso (abcdef000000, 5.0 MiB) from every surface? [y/N]", result.Output, StringComparison.Ordinal);
        Assert.Equal(exitCode == 0, _site.Requests.Any(r => r.Method == "DELETE"));
    }

    [Fact]
    public async Task Only_a_terminal_gets_colours()
    {
        var result = await OnTerminalAsync("", "ls");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains('\u001b', result.Output);
    }

    [Theory]
    [InlineData("old.iso")]
    [InlineData("012345")]
    [InlineData("sha256:0123450000000000000000000000000000000000000000000000000000000000")]
    public async Task Restore_finds_what_was_removed(string image)
    {
        var result = await AskAsync("restore", image);

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("old.iso is back.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_of_what_was_not_removed_is_refused()
    {
        Assert.Equal(6, (await AskAsync("restore", "debian.iso")).ExitCode);
        Assert.Equal(5, (await AskAsync("restore", "abcdef")).ExitCode);
    }

    [Fact]
    public async Task Status_names_what_is_wrong_and_why()
    {
        var result = await AskAsync("status");

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("ams, isocatalog 1.2.3", result.Output, StringComparison.Ordinal);
        Assert.Matches("surface-missing +console +- +.*The folder is gone.", result.Output);
    }

    private static string[] Lines(ProgramResult result) => result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private Task<ProgramResult> AskAsync(params string[] arguments) => Isocatalog.RunAsync([.. arguments, "--server", _site.Address.ToString()]);

    /// <summary>What was typed is there before it is asked for; script(1) gives the program a terminal of its own.</summary>
    private async Task<ProgramResult> OnTerminalAsync(string typed, params string[] arguments)
    {
        var command = string.Join(' ', [Counterpart.Require("dotnet"), Isocatalog.Assembly, .. arguments, "--server", _site.Address.ToString()]);
        return await Counterpart.RunAsync(
            "sh",
            ["-c", $"printf '%s\\n' '{typed}' | TERM=xterm-256color script -qec '{command}' /dev/null"],
            TestContext.Current.CancellationToken);
    }
}
