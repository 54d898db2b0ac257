using System.Globalization;
using System.Text.RegularExpressions;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Client;
using IsoCatalog.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

/// <summary>The program on terminals of several widths, which script(1) makes.</summary>
public sealed partial class TerminalTests : IAsyncLifetime
{
    private const string LongName = "a-very-long-name-of-an-image-that-nobody-would-ever-type-2026-11-29-amd64-netinst.iso";
    private const string Address = "http://[2001:db8:1234:5678:9abc:def0:1234:5678]:8088/i/0123456789abcdef0123456789abcdef/debian.iso";

    private ScriptedSite _site = null!;

    public async ValueTask InitializeAsync()
    {
        _site = await ScriptedSite.StartAsync();
        var image = Samples.Image("abcdef", LongName, Samples.Everywhere(CellState.Withdrawn, "file-changed", "It was edited, and has to be looked at."), "安定版 Debian 😀 \u001b[2J");
        var answer = Samples.Available("debian.iso");
        _site.On("GET /api/v1/images", new ImageList([image]), ApiJson.Default.ImageList)
            .On("GET /api/v1/images/" + image.Id, image, ApiJson.Default.ImageView)
            .On("GET /api/v1/retired", new RetiredList([]), ApiJson.Default.RetiredList)
            .On("GET /api/v1/available", answer with { Images = [answer.Images[0] with { Title = image.Title, Mount = new SurfaceMount(Url: Address) }] }, ApiJson.Default.AvailableAnswer)
            .On("GET /api/v1/status", Samples.Status(new DriftView("surface-missing", "The folder is gone.", "console", image.Id, Samples.Then)), ApiJson.Default.StatusView);
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(200)]
    public async Task No_id_state_or_address_is_broken(int columns)
    {
        var id = Samples.Id("abcdef").ToString();
        var (ls, show, mounts, status) = (await OnTerminalAsync(columns, "ls"), await OnTerminalAsync(columns, "show abcdef"), await OnTerminalAsync(columns, "ls --surface console"), await OnTerminalAsync(columns, "status"));

        Assert.Contains("abcdef000000", ls, StringComparison.Ordinal);
        Assert.Contains("withdrawn", ls, StringComparison.Ordinal);
        Assert.Equal(columns < 200, ls.Contains('…', StringComparison.Ordinal));
        Assert.Contains(id, show, StringComparison.Ordinal);
        Assert.Contains("2026-03-01 12:00:00Z", show, StringComparison.Ordinal);
        Assert.Contains(Address, mounts, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:8080", status, StringComparison.Ordinal);
        Assert.Contains("surface-missing", status, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[2J", ls + show + mounts + status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_there_is_no_terminal_nothing_is_wrapped_or_cut()
    {
        var ls = (await Isocatalog.RunAsync("ls", "--server", _site.Address.ToString())).Output;
        var show = (await Isocatalog.RunAsync("show", "abcdef", "--server", _site.Address.ToString())).Output;

        Assert.Equal(2, ls.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains(LongName, ls, StringComparison.Ordinal);
        Assert.DoesNotContain('…', ls + show);
        Assert.Contains("file-changed: It was edited, and has to be looked at.", show, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_takes_long_has_a_bar_with_bytes_rate_and_time_left_on_a_terminal_alone()
    {
        using var folder = new TempFolder();
        await using var local = await ScriptedSite.StartAsync(folder.Combine("s.sock"));
        var file = folder.Write("a.iso", [1]);
        var done = 0;
        var job = Samples.Job("running") with { Total = 4L << 30 };
        local.On("POST /api/v1/images", job, ApiJson.Default.JobView, 202)
            .On("GET /api/v1/jobs/job1", http => http.Response.WriteAsJsonAsync(
                ++done < 8 ? job with { Done = done * (512L << 20) } : Samples.Job("done"), ApiJson.Default.JobView, cancellationToken: http.RequestAborted))
            .On("GET /api/v1/images/" + Samples.Id("abcdef"), Samples.Image(), ApiJson.Default.ImageView);
        var seen = await OnTerminalAsync(100, $"add {file} --no-wait --socket {folder.Combine("s.sock")}", server: false);

        Assert.Matches(@"a\.iso: copying  \[#+\.*\] [0-9]+ %  [0-9.]+ [GM]iB of 4\.0 GiB  [0-9.]+ [GM]iB/s  [0-9.]+ (s|min) left", seen);
        Assert.Contains("debian.iso  sha256:abcdef", seen, StringComparison.Ordinal);

        done = 0;
        var plain = await Isocatalog.RunAsync("add", file, "--no-wait", "--socket", folder.Combine("s.sock"));
        Assert.Equal("a.iso: copying\n", plain.Error);
    }

    [Theory]
    [InlineData("", "trust")]
    [InlineData("trust", "add-site")]
    [InlineData("simulate", "engine")]
    public async Task Without_a_verb_the_verbs_are_shown(string verb, string shown)
    {
        var result = await Isocatalog.RunAsync(verb.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("error: `isocatalog", result.Error, StringComparison.Ordinal);
        Assert.Matches($@"\n  {shown} ", result.Error);
    }

    private async Task<string> OnTerminalAsync(int columns, string arguments, bool server = true)
    {
        var command = $"stty cols {columns.ToString(CultureInfo.InvariantCulture)}; {Counterpart.Require("dotnet")} {Isocatalog.Assembly} {arguments}{(server ? $" --server {_site.Address}" : "")}";
        var result = await Counterpart.RunAsync(
            "sh", ["-c", $"TERM=xterm-256color script -qec '{command}' /dev/null < /dev/null"], TestContext.Current.CancellationToken);
        return Colour().Replace(result.Output, "");
    }

    /// <summary>Colours only: what else commands the terminal is to be seen.</summary>
    [GeneratedRegex(@"\u001b\[[0-9;]*m", RegexOptions.NonBacktracking)]
    private static partial Regex Colour();
}
