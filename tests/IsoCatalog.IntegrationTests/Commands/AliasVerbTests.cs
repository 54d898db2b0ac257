using System.Text.Json;
using System.Text.Json.Nodes;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

/// <summary><c>isocatalog alias</c> against a site.</summary>
public sealed class AliasVerbTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_alias_is_pointed_listed_shown_and_taken_away()
    {
        Assert.Contains("There is no alias", (await AskAsync(0, "alias")).Output, StringComparison.Ordinal);
        Assert.Equal("latest points to debian.iso now.\n", (await AskAsync(0, "alias", "latest", "debian.iso", "--wait")).Output);
        Assert.Matches(@"ALIAS +IMAGE +SINCE +WAITS\nlatest +debian\.iso +\S+ \S+.* by \S+ at ams", (await AskAsync(0, "alias")).Output);
        Assert.Matches(@"Aliases +latest", (await AskAsync(0, "show", "latest")).Output);
        Assert.Equal(shared.Rescue.Id + "\n", (await AskAsync(0, "alias", "latest", shared.Rescue.Id.ToString()[..14], "--quiet")).Output);
        Assert.Contains("before: debian.iso", (await AskAsync(0, "alias", "latest")).Output, StringComparison.Ordinal);

        var refused = await AskAsync(6, "rm", "latest", "--yes");
        Assert.Contains("latest is an alias. It points to rescue.iso", refused.Error, StringComparison.Ordinal);
        Assert.Contains("latest is an alias", (await AskAsync(6, "block", "latest", "--yes")).Error, StringComparison.Ordinal);
        Assert.True(await shared.Site.ListsAsync("bmc", shared.Rescue.Id, Cancel));
        Assert.Contains("rescue.iso, which stays", (await AskAsync(0, "alias", "--rm", "latest")).Output, StringComparison.Ordinal);
        Assert.Contains("There is no alias 'latest'", (await AskAsync(5, "alias", "--rm", "latest")).Error, StringComparison.Ordinal);
        await AskAsync(5, "alias", "latest");
        await AskAsync(5, "alias", "latest", "no-such.iso");
        Assert.Contains("ends with .iso", (await AskAsync(4, "alias", "latest.iso", "debian.iso")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_ends_when_the_alias_has_moved_or_when_the_time_is_up()
    {
        await shared.Site.Client.ChangeImageAsync(shared.Debian.Id.ToString(), new ImagePatch(Hidden: true), Cancel);
        var waits = await AskAsync(0, "alias", "later", shared.Debian.Id.ToString());
        Assert.Contains("later moves to debian.iso once that is available everywhere. It waits for bmc at ams, console at ams.", waits.Output, StringComparison.Ordinal);
        Assert.Contains("did not move within", (await AskAsync(10, "alias", "later", shared.Debian.Id.ToString(), "--wait", "--timeout", "0s")).Error, StringComparison.Ordinal);
        Assert.Matches(@"later +- +for debian\.iso since .*: bmc at ams, console at ams", (await AskAsync(0, "alias")).Output);
        Assert.Matches(@"alias +later to debian\.iso +waiting for bmc at ams, console at ams +0 of 2 surfaces", (await AskAsync(0, "status")).Output);

        var waiting = AskAsync(0, "alias", "later", shared.Debian.Id.ToString(), "--wait", "--timeout", "5m", "--json");
        await shared.Site.Client.ChangeImageAsync(shared.Debian.Id.ToString(), new ImagePatch(Hidden: false), Cancel);
        var alias = JsonNode.Parse((await waiting).Output)!;
        Assert.Equal(shared.Debian.Id.ToString(), alias["image"]!.GetValue<string>());
        await AskAsync(0, "alias", "--rm", "later");
    }

    [Theory]
    [InlineData("alias --rm")]
    [InlineData("alias latest --keep 1")]
    [InlineData("alias latest --wait")]
    [InlineData("alias latest debian.iso --keep 33")]
    [InlineData("alias latest debian.iso --keep -1")]
    [InlineData("alias latest debian.iso --timeout 5s")]
    [InlineData("alias --rm latest debian.iso")]
    [InlineData("alias latest debian.iso other")]
    public async Task A_command_line_that_makes_no_sense_asks_nothing_of_the_site(string arguments)
    {
        var result = await AskAsync(2, arguments.Split(' '));
        Assert.Contains("isocatalog alias --help", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_one_document_in_every_outcome_of_every_verb()
    {
        await shared.Site.Client.SetAliasAsync("named", new AliasRequest(shared.Rescue.Name), Cancel);
        var third = await ApiCaller.AddAsync(shared.Site, "third.iso", 3);
        (int Exit, string Arguments)[] outcomes =
        [
            (0, "ls"), (0, "ls --all"), (0, "ls --surface bmc"), (5, "ls --surface nowhere"),
            (0, "show named"), (5, "show no-such.iso"), (0, "status"), (5, "confirm database-lost"),
            (0, "alias"), (0, "alias named"), (0, "alias again debian.iso"), (5, "alias again no-such.iso"), (0, "alias --rm again"), (5, "alias --rm again"),
            (2, "rm third.iso"), (6, "rm named --yes"), (0, "rm third.iso --yes"), (5, "rm third.iso --yes"), (0, "restore third.iso"), (5, "restore no-such.iso"),
            (2, "block third.iso"), (0, "block third.iso --yes"), (0, "block --undo third.iso"), (5, "block --undo third.iso"), (6, "block named --yes"),
            (5, "add no-such-file.iso"), (7, "ls --socket /nowhere/isocatalog.sock"), (3, "ls --config /nowhere/site.yaml"), (3, "check-config /nowhere/site.yaml"),
            (0, "token --role panel --name json"),
        ];
        foreach (var (exit, arguments) in outcomes)
        {
            var result = await Isocatalog.RunAsync([.. arguments.Split(' '), .. Names(arguments) ? [] : new[] { "--socket", shared.Site.Socket }, "--json"]);
            Assert.True(result.ExitCode == exit, $"{arguments} ended with {result.ExitCode}: {result.Output}{result.Error}");
            Assert.True(result.Output.TrimEnd('\n').Split('\n') is [{ Length: > 1 }], $"{arguments} said: {result.Output}");
            using var document = JsonDocument.Parse(result.Output);
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
            Assert.True(exit == 0 || arguments.StartsWith("check-config", StringComparison.Ordinal) || document.RootElement.TryGetProperty("type", out _), $"{arguments}: {result.Output}");
        }

        await shared.Site.Client.RemoveImageAsync(third.Id.ToString(), null, Cancel);
        await shared.Site.Client.RemoveAliasAsync("named", Cancel);

        static bool Names(string arguments) =>
            arguments.Contains("/nowhere", StringComparison.Ordinal) || arguments.StartsWith("token", StringComparison.Ordinal);
    }

    private async Task<ProgramResult> AskAsync(int exit, params string[] arguments)
    {
        var result = await Isocatalog.RunAsync([.. arguments, "--socket", shared.Site.Socket]);
        Assert.True(result.ExitCode == exit, $"isocatalog {string.Join(' ', arguments)} ended with {result.ExitCode}, expected {exit}: {result.Output}{result.Error}");
        return result;
    }
}
