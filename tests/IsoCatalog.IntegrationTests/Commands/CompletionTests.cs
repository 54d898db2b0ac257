using System.Runtime.CompilerServices;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

/// <summary>In the real shells: a key is pressed, and what the shell makes of it is looked at.</summary>
public sealed class CompletionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TempFolder _folder = new();
    private ScriptedSite _site = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Socket => _folder.Combine("s.sock");

    public async ValueTask InitializeAsync()
    {
        _site = await ScriptedSite.StartAsync(Socket);
        _site.On(
                "GET /api/v1/images",
                new ImageList([Samples.Image() with { Aliases = ["debian-latest"] }, Samples.Image("abcdee", "rescue.iso", Samples.Everywhere(CellState.Withdrawn), "Rescue: it's \"one\"")]),
                ApiJson.Default.ImageList)
            .On("GET /api/v1/aliases", new AliasList([]), ApiJson.Default.AliasList)
            .On("GET /api/v1/retired", new RetiredList([new RetiredView(Samples.Id("012345"), "old.iso", 1 << 20, Samples.Then, null)]), ApiJson.Default.RetiredList)
            .On(
                "GET /api/v1/status",
                Samples.Status() with { Sites = [new SiteStanding("ams", true, "ok", null, null, 2, [], 1L << 40, 3, 0, 0, null, null), new SiteStanding("nyc", false, "ok", null, null, 2, [], 1L << 40, 3, 0, 0, null, null)] },
                ApiJson.Default.StatusView);
        _folder.Write("isocatalog", System.Text.Encoding.UTF8.GetBytes($"#!/bin/sh\nexec '{Counterpart.Require("dotnet")}' '{Isocatalog.Assembly}' \"$@\"\n"));
        File.SetUnixFileMode(_folder.Combine("isocatalog"), (UnixFileMode)0b111_101_101);
        foreach (var (shell, file) in new[] { ("bash", "isocatalog.bash"), ("zsh", "_isocatalog"), ("fish", "isocatalog.fish") })
        {
            _folder.Write(file, System.Text.Encoding.UTF8.GetBytes((await Isocatalog.RunAsync("completion", shell)).Output));
        }

        _folder.Write("bashrc", System.Text.Encoding.UTF8.GetBytes($"PS1='ready-to-read> '\nsource {_folder.Combine("isocatalog.bash")}\n"));
        _folder.Write(".zshrc", System.Text.Encoding.UTF8.GetBytes(
            $"PS1='ready-to-read> '\nunsetopt prompt_sp beep\nfpath=({_folder.Path} $fpath)\nautoload -Uz compinit\ncompinit -u -D\n"));
    }

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("chec", "check-config")]
    [InlineData("trust add", "trust add-site")]
    [InlineData("add --time", "add --timeout")]
    [InlineData("add x.iso --kind=re", "add x.iso --kind=rescue")]
    [InlineData("token --role o", "token --role operator")]
    [InlineData("show res", "show rescue.iso")]
    [InlineData("show sha256:abcdee", "show sha256:abcdee0000000000000000000000000000000000000000000000000000000000")]
    [InlineData("restore o", "restore old.iso")]
    [InlineData("restore --by n", "restore --by nyc")]
    [InlineData("ls --surface con", "ls --surface console")]
    [InlineData("check-config /etc/passw", "check-config /etc/passwd")]
    [InlineData("ls --config=/etc/passw", "ls --config=/etc/passwd")]
    public async Task Every_shell_finishes_what_was_begun(string typed, string finished)
    {
        await PressAsync(["bash", "--noprofile", "--rcfile", _folder.Combine("bashrc"), "-i"], typed, finished);
        await PressAsync(["env", $"ZDOTDIR={_folder.Path}", Counterpart.Require("zsh"), "-d", "-i"], typed, finished);
        Assert.Contains(finished.Split(' ')[^1], (await FishAsync(typed)).Select(line => line.Split('\t')[0]));
    }

    [Fact]
    public async Task Fish_says_what_each_candidate_is()
    {
        Assert.Contains("rescue.iso\tRescue: it's \"one\"", await FishAsync("show r"));
    }

    [Theory]
    [InlineData("", "add,trust,status", "complete")]
    [InlineData("trust ", "add-site,quota,show", "add")]
    [InlineData("ls -", "--surface,--all,-a,--json", "--name")]
    [InlineData("ls --json -", "--surface", "--json")]
    [InlineData("show ", "debian.iso,rescue.iso,debian-latest", "--json")]
    [InlineData("rm ", "debian.iso,rescue.iso", "debian-latest")]
    [InlineData("alias x ", "debian.iso,debian-latest", "x")]
    [InlineData("completion ", "bash,fish,zsh", "csh")]
    [InlineData("confirm ", "database-lost", "debian.iso")]
    [InlineData("add -- -", ":files", "--json")]
    [InlineData("ls --surface ", "bmc,console,ipmi,volume", "--json")]
    public async Task What_may_come_next_depends_on_what_is_there(string typed, string offered, string absent)
    {
        var result = await CompleteAsync(typed);

        Assert.All(offered.Split(','), o => Assert.Contains(o, result));
        Assert.DoesNotContain(absent, result);
    }

    [Fact]
    public async Task A_site_that_is_not_there_completes_nothing_and_says_nothing()
    {
        var result = await Isocatalog.RunAsync([("ISOCATALOG_SOCKET", _folder.Combine("none.sock"))], "complete", "--", "show", "");

        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Error));
    }

    private async Task<IReadOnlyList<string>> CompleteAsync(string typed)
    {
        var result = await Isocatalog.RunAsync([("ISOCATALOG_SOCKET", Socket)], ["complete", "--", .. typed.Split(' ')]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[0])];
    }

    private async Task<IEnumerable<string>> FishAsync(string typed)
    {
        var result = await Counterpart.RunAsync(
            "env",
            [$"PATH={_folder.Path}:/usr/bin:/bin", $"ISOCATALOG_SOCKET={Socket}", $"HOME={_folder.Path}", Counterpart.Require("fish"), "--no-config", "-c",
                $"source {_folder.Combine("isocatalog.fish")}; complete -C 'isocatalog {typed}'"],
            Patience,
            Cancel);
        return result.Output.Split('\n');
    }

    private async Task PressAsync(string[] shell, string typed, string finished, [CallerFilePath] string thisFile = "")
    {
        var driver = Path.Combine(Path.GetDirectoryName(thisFile)!, "press_keys.py");
        var result = await Counterpart.RunAsync(
            "env",
            [$"ISOCATALOG_SOCKET={Socket}", Counterpart.Require("python3"), driver, _folder.Path, .. shell, $"isocatalog {typed}\t", $"isocatalog {finished}"],
            Patience,
            Cancel);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', shell)}: {result.Error}");
    }
}
