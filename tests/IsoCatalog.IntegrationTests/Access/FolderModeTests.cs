using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Access;

/// <summary>Who on the machine may look at what a site keeps: its user, and as far as the socket and the inbox its group.</summary>
public sealed class FolderModeTests
{
    private const UnixFileMode All = (UnixFileMode)0b111_111_111;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_else_comes_into_the_data_folder_and_the_group_as_far_as_the_socket()
    {
        await using var site = await Scenario.StartAsync(TestSiteOptions.InOwnProcess);
        Assert.Equal("0750", Mode(site.Data));
        Assert.Equal("0600", Mode(Path.Combine(site.Data, "isocatalog.db")));
        Assert.Equal("0700", Mode(Path.Combine(site.Data, "keys")));
        Assert.Equal("0750", Mode(Path.Combine(site.Data, "run")));
        Assert.Equal("0660", Mode(Path.Combine(site.Data, "run", "isocatalog.sock")));
        Assert.DoesNotContain(Directory.GetDirectories(site.Data), folder => (File.GetUnixFileMode(folder) & Others) != UnixFileMode.None);

        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can be somebody else.");
        var group = new[] { "--reuid", "65534", "--regid", "0", "--clear-groups" };
        var member = await Counterpart.RunAsync(Counterpart.Require("setpriv"), [.. group, .. Curl(site)], Cancel);
        Assert.Contains("\"site\":\"ams\"", member.Output, StringComparison.Ordinal);
        var stranger = await Counterpart.RunAsync("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", .. Curl(site)], Cancel);
        Assert.NotEqual(0, stranger.ExitCode);
    }

    [Fact]
    public async Task What_is_wider_is_closed_at_the_start_and_said()
    {
        await using var site = await Scenario.StartAsync(TestSiteOptions.InOwnProcess);
        await site.StopAsync();
        string[] wide = [site.Data, Path.Combine(site.Data, "store"), Path.Combine(site.Data, "isocatalog.db"), Path.Combine(site.Data, "run")];
        foreach (var path in wide)
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        await site.StartAgainAsync(Cancel);
        Assert.All(wide, path => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(path) & Others));
        var log = await site.StopAsync();
        Assert.All(wide, path => Assert.Contains($"{path} had the mode", log, StringComparison.Ordinal));

        await site.StartAgainAsync(Cancel);
        Assert.DoesNotContain("had the mode", await site.StopAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_way_to_an_inbox_that_was_opened_for_others_stays_open()
    {
        await using var site = await Scenario.StartAsync(TestSiteOptions.InOwnProcess);
        await site.StopAsync();
        var inbox = Path.Combine(site.Data, "inbox");
        Assert.True(Directory.Exists(inbox));
        File.SetUnixFileMode(inbox, All);
        File.SetUnixFileMode(site.Data, (UnixFileMode)0b111_101_101);
        await site.StartAgainAsync(Cancel);
        Assert.Equal("0751", Mode(site.Data));
        Assert.Equal(All, File.GetUnixFileMode(inbox));
    }

    private static string[] Curl(TestSite site) =>
        [Counterpart.Require("curl"), "-s", "--unix-socket", Path.Combine(site.Data, "run", "isocatalog.sock"), "http://localhost/api/v1/status"];

    private static string Mode(string path) => "0" + Convert.ToString((int)(File.GetUnixFileMode(path) & All), 8);
}
