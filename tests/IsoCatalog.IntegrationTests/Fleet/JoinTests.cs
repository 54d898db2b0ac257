using System.Text.Json.Nodes;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>How a site comes into a fleet, typed by an operator.</summary>
public sealed class JoinTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Init_add_site_and_join_bring_two_sites_together_and_a_wrong_fingerprint_does_not()
    {
        using var folder = new TempFolder();
        var (ams, nyc) = (folder.Combine("ams", "site.yaml"), folder.Combine("nyc", "site.yaml"));
        var root = folder.Combine("offline", "root.pem");
        await FleetCalls.VerbAsync(
            0, "init", "--site", "ams", "--config", ams, "--data", folder.Combine("ams", "data"), "--address", "ams.example.com", "--root-key", root);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(root));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.Combine("ams", "data", "keys", "site-tls.pem")));

        var (exit, output, _) = await TestSite.RunAsync(
            ["init", "--site", "nyc", "--config", nyc, "--data", folder.Combine("nyc", "data"), "--address", "nyc.example.com", "--join", "--json"], Cancel);
        Assert.Equal(0, exit);
        var asked = JsonNode.Parse(output)!;
        var request = asked["joinRequest"]!.GetValue<string>();
        var fingerprint = asked["fingerprint"]!.GetValue<string>();

        // Before it was let in it does not start, and says what is missing.
        Assert.Contains("trust add-site", await FleetCalls.VerbAsync(3, "serve", "--config", nyc), StringComparison.Ordinal);

        var join = folder.Combine("join.json");
        var wrong = await FleetCalls.VerbAsync(4, "trust", "add-site", request, "--config", ams, "--root-key", root, "--fingerprint", new string('0', 64), "--out", join);
        Assert.Contains("do not let it in", wrong, StringComparison.Ordinal);
        await FleetCalls.VerbAsync(2, "trust", "add-site", request, "--config", ams, "--root-key", root, "--out", join);
        Assert.False(File.Exists(join));
        await FleetCalls.VerbAsync(0, "trust", "add-site", request, "--config", ams, "--root-key", root, "--fingerprint", fingerprint.ToUpperInvariant(), "--out", join);
        await FleetCalls.VerbAsync(4, "trust", "add-site", request, "--config", ams, "--root-key", root, "--yes", "--out", join);

        Assert.Contains("ams.example.com:58888", await FleetCalls.VerbAsync(0, "join", join, "--config", nyc), StringComparison.Ordinal);
        var shown = JsonNode.Parse((await TestSite.RunAsync(["trust", "show", "--config", nyc, "--json"], Cancel)).Output)!;
        Assert.Equal(2, shown["version"]!.GetValue<long>());
        Assert.Equal("active", shown["sites"]!["nyc"]!.GetValue<string>());
        Assert.DoesNotContain("PRIVATE", await File.ReadAllTextAsync(join, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_of_three_root_keys_sign_one_after_the_other()
    {
        using var folder = new TempFolder();
        var ams = folder.Combine("ams", "site.yaml");
        string[] roots = [folder.Combine("a.pem"), folder.Combine("b.pem"), folder.Combine("c.pem")];
        await FleetCalls.VerbAsync(
            0, ["init", "--site", "ams", "--config", ams, "--data", folder.Combine("ams", "data"), .. roots.SelectMany(r => new[] { "--root-key", r })]);
        await using var nyc = await TestSite.PrepareAsync(Cancel, new TestSiteOptions { Site = "nyc", Fleet = true, Joins = true });
        var draft = folder.Combine("draft.json");
        await FleetCalls.VerbAsync(0, "trust", "add-site", nyc.JoinRequest, "--config", ams, "--root-key", roots[0], "--draft", draft, "--yes");
        Assert.Contains("T-11", await FleetCalls.VerbAsync(4, "trust", "install", draft, "--config", ams), StringComparison.Ordinal);
        await FleetCalls.VerbAsync(0, "trust", "sign", draft, "--root-key", roots[0]);
        await FleetCalls.VerbAsync(4, "trust", "install", draft, "--config", ams);
        await FleetCalls.VerbAsync(0, "trust", "sign", draft, "--root-key", roots[2]);
        await FleetCalls.VerbAsync(0, "trust", "install", draft, "--config", ams);
        var join = folder.Combine("join.json");
        await FleetCalls.VerbAsync(0, "trust", "export", "--config", ams, "--out", join);
        await FleetCalls.VerbAsync(0, "join", join, "--config", nyc.ConfigurationPath);
        await nyc.StartAgainAsync(Cancel);
        Assert.Equal(2, (await nyc.Client.GetPeersAsync(Cancel)).Trust);
    }

    [Fact]
    public async Task A_join_file_for_another_site_is_refused_and_changes_nothing()
    {
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc");
        await using var msk = await TestSite.PrepareAsync(Cancel, new TestSiteOptions { Site = "msk", Fleet = true, Joins = true });
        var said = await FleetCalls.VerbAsync(4, "join", fleet["nyc"].JoinFile, "--config", msk.ConfigurationPath);
        Assert.Contains("msk", said, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(msk.Data, "catalog", "trust")));
    }

    [Fact]
    public async Task A_running_first_site_takes_a_new_site_without_a_restart()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams");
        var nyc = await fleet.AddAsync("nyc", Cancel);
        Assert.Equal(2, (await fleet["ams"].Client.GetPeersAsync(Cancel)).Trust);
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await nyc.KnowsAsync((await fleet["ams"].PutAsync("one.iso", 1)).Id);
    }

    [Fact]
    public async Task A_site_without_peers_works_alone_with_no_root_key_at_hand()
    {
        await using var site = await TestSite.PrepareAsync(Cancel);
        Directory.Delete(Path.GetDirectoryName(site.RootKey)!, recursive: true);
        await site.StartAgainAsync(Cancel);
        var image = await site.AddAsync(await WriteAsync(site), Cancel);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.Empty((await site.Client.GetPeersAsync(Cancel)).Peers);
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    private static async Task<string> WriteAsync(TestSite site)
    {
        var path = Path.Combine(site.Root, "one.iso");
        await File.WriteAllBytesAsync(path, IsoBuilder.InMemory("ONE", 20_000, 1), Cancel);
        return path;
    }
}
