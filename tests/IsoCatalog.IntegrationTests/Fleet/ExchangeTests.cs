using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>What one site says, the others know: whole sites, joined through the verbs.</summary>
public sealed class ExchangeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_any_site_adds_changes_or_removes_is_in_the_catalog_of_all()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);

        var image = await ams.PutAsync("one.iso", 1);
        await nyc.KnowsAsync(image.Id);
        await msk.KnowsAsync(image.Id, i => i.Name == "one.iso" && i.Root == image.Root);

        await msk.Client.ChangeImageAsync("one.iso", new ImagePatch(Title: "Said in Moscow"), Cancel);
        await ams.KnowsAsync(image.Id, i => i.Title == "Said in Moscow");
        await nyc.KnowsAsync(image.Id, i => i.Title == "Said in Moscow");

        await nyc.Client.RemoveImageAsync("one.iso", "end of life", Cancel);
        await TestSite.EventuallyAsync(async () => await ams.FindAsync(image.Id) is null or { Deleted: true }, Cancel);
        await TestSite.EventuallyAsync(async () => !await ams.ListsAsync("bmc", image.Id, Cancel), Cancel);
        await TestSite.EventuallyAsync(async () => await msk.FindAsync(image.Id) is null or { Deleted: true }, Cancel);
    }

    [Fact]
    public async Task Of_a_large_document_only_the_chunk_that_changed_travels()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        ImageView last = null!;
        for (var i = 0; i < 30; i++)
        {
            // Long titles, so that the entries weigh more than the holdings and the polls that travel all the time.
            last = await ams.PutAsync($"image-{i}.iso", i + 1);
            last = await ams.Client.ChangeImageAsync(last.Name, new ImagePatch(Title: new string('t', 500)), Cancel);
        }

        await nyc.KnowsAsync(last.Id, i => i.Title.Length == 500);
        var chunks = Directory.GetFiles(Path.Combine(ams.Data, "catalog", "chunks"), "*.json").Sum(f => new FileInfo(f).Length);
        var before = (await nyc.PeerAsync("ams")).Received;
        await ams.Client.ChangeImageAsync(last.Name, new ImagePatch(Title: "Changed"), Cancel);
        await nyc.KnowsAsync(last.Id, i => i.Title == "Changed");
        var travelled = (await nyc.PeerAsync("ams")).Received - before;
        Assert.True(travelled < chunks / 2, $"{travelled} bytes travelled for one title; all chunks have {chunks}.");
    }

    [Fact]
    public async Task A_site_that_was_cut_off_converges_by_itself_in_both_directions()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await nyc.KnowsAsync((await ams.PutAsync("before.iso", 1)).Id);
        await nyc.SetPeersAsync([new PeerAddress("ams", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        await ams.SetPeersAsync([new PeerAddress("nyc", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        var here = await ams.PutAsync("here.iso", 2);
        var there = await nyc.PutAsync("there.iso", 3);
        await TestSite.EventuallyAsync(async () => (await ams.PeerAsync("nyc")).ErrorCode == "unreachable", Cancel);
        Assert.Null(await nyc.FindAsync(here.Id));
        Assert.Null(await ams.FindAsync(there.Id));

        await fleet.IntroduceAsync(Cancel);
        await nyc.KnowsAsync(here.Id);
        await ams.KnowsAsync(there.Id);
        using var api = new ApiCaller(ams.Api);
        var documented = await File.ReadAllTextAsync(OpenApiDocumentTests.RepositoryFile("docs/metrics.md"), Cancel);
        var served = (await api.GetAsync("/metrics")).Text.Split('\n').Where(l => l.StartsWith("# TYPE isocatalog_fleet_", StringComparison.Ordinal)).ToList();
        Assert.InRange(served.Count, 8, 10);
        Assert.All(served, l => Assert.Contains($"| `{l.Split(' ')[2]}` | {l.Split(' ')[3]} |", documented, StringComparison.Ordinal));
        var peer = await ams.PeerAsync("nyc");
        Assert.NotNull(peer.ReachableSince);
        Assert.Null(peer.Error);
        Assert.InRange(peer.ClockOffset!.Value, -5, 5);
    }

    [Fact]
    public async Task Documents_pass_through_a_third_site_byte_for_byte_and_survive_its_restart()
    {
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        await msk.SetPeersAsync([new PeerAddress("nyc", nyc.FleetAddress!, nyc.FleetAddress!), new PeerAddress("ams", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        await ams.SetPeersAsync([new PeerAddress("nyc", nyc.FleetAddress!, nyc.FleetAddress!), new PeerAddress("msk", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        var image = await ams.PutAsync("one.iso", 1);
        await msk.KnowsAsync(image.Id);
        foreach (var folder in new[] { "documents/ams", "chunks" })
        {
            var original = Files(ams, folder);
            Assert.Contains(Files(msk, folder), f => original.Contains(f));
        }

        await msk.KillAsync();
        await nyc.KillAsync();
        await ams.KillAsync();
        await msk.StartAgainAsync(Cancel);
        Assert.NotNull(await msk.FindAsync(image.Id));
    }

    [Fact]
    public async Task Sites_of_two_fleets_tell_each_other_nothing()
    {
        await using var ours = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        await using var theirs = await TestFleet.StartAsync(Cancel, "nyc");
        var foreign = await theirs["nyc"].PutAsync("foreign.iso", 1);
        await ours["ams"].SetPeersAsync([new PeerAddress("nyc", theirs["nyc"].FleetAddress!, "127.0.0.1:1")], Cancel);
        await theirs["nyc"].SetPeersAsync([new PeerAddress("ams", ours["ams"].FleetAddress!, "127.0.0.1:1")], Cancel);
        await TestSite.EventuallyAsync(async () => (await ours["ams"].PeerAsync("nyc")).ErrorCode == "wrongkey", Cancel);
        Assert.Null(await ours["ams"].FindAsync(foreign.Id));
        Assert.Equal(1, (await theirs["nyc"].Client.GetPeersAsync(Cancel)).Trust);
    }

    [Fact]
    public async Task A_damaged_document_of_another_site_is_dropped_and_fetched_again()
    {
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var image = await ams.PutAsync("one.iso", 1);
        await nyc.KnowsAsync(image.Id);
        await nyc.KillAsync();
        foreach (var file in Directory.GetFiles(Path.Combine(nyc.Data, "catalog", "documents", "ams")))
        {
            var bytes = await File.ReadAllBytesAsync(file, Cancel);
            bytes[bytes.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, Cancel);
        }

        await nyc.StartAgainAsync(Cancel);
        Assert.Null(await nyc.FindAsync(image.Id));
        await fleet.IntroduceAsync(Cancel);
        await nyc.KnowsAsync(image.Id);
    }

    private static List<string> Files(TestSite site, string folder) =>
        [.. Directory.GetFiles(Path.Combine(site.Data, "catalog", folder), "*.json").Select(f => Path.GetFileName(f) + Convert.ToHexString(File.ReadAllBytes(f)))];
}
