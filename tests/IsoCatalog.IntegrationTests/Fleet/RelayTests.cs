using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>What a site passes on without being asked what it thinks of it.</summary>
public sealed class RelayTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task M_10_a_document_for_a_later_version_passes_through_a_third_site_byte_for_byte_with_its_chunks()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        var image = await ams.PutAsync("one.iso", 1);
        await msk.KnowsAsync(image.Id);
        await ams.StopAsync();
        var later = new SiteInHand(ams) is var hand ? hand.SignForLaterVersion(hand.ValueOf(image.Id) with { FileName = "of-a-later-version.iso" }) : default;
        await ams.StartAgainAsync(Cancel);
        await InALineAsync(ams, nyc, msk);

        var (document, chunks) = (Path.Combine("documents", "ams", later + ".json"), Directory.GetFiles(Path.Combine(ams.Data, "catalog", "chunks")).Select(Path.GetFileName));
        await TestSite.EventuallyAsync(() => Task.FromResult(File.Exists(Path.Combine(msk.Data, "catalog", document))), Cancel);
        Assert.Equal(await ReadAsync(ams, document), await ReadAsync(msk, document));
        foreach (var chunk in chunks)
        {
            Assert.Equal(await ReadAsync(ams, Path.Combine("chunks", chunk!)), await ReadAsync(msk, Path.Combine("chunks", chunk!)));
        }

        // It is not read, and what the site says else goes on.
        Assert.Equal("one.iso", (await msk.FindAsync(image.Id))!.Name);
        await msk.KnowsAsync((await ams.PutAsync("two.iso", 2)).Id);
        Assert.Empty((await msk.PeerAsync("nyc")).Refused);
    }

    [Fact]
    public async Task R_02_what_a_site_says_of_its_replicas_reaches_sites_that_cannot_ask_it_and_a_forgery_reaches_nobody()
    {
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        await ams.StopAsync();
        var hand = new SiteInHand(ams);
        var first = hand.SignMembers(1);
        await ams.StartAgainAsync(Cancel);
        await InALineAsync(ams, nyc, msk);
        var at = Path.Combine("members", "ams.json");
        await TestSite.EventuallyAsync(() => HasAsync(msk, at, first), Cancel);

        // A newer one takes its place, also after a restart of the one that passes it on.
        await ams.StopAsync();
        var second = hand.SignMembers(2);
        await ams.StartAgainAsync(Cancel);
        await nyc.KillAsync();
        await nyc.StartAgainAsync(Cancel);
        await InALineAsync(ams, nyc, msk);
        await TestSite.EventuallyAsync(() => HasAsync(msk, at, second), Cancel);

        // Signed with another site's key it counts for nobody: the site itself drops it when it starts.
        await nyc.StopAsync();
        var forged = new SiteInHand(nyc).SignMembers(9);
        File.Delete(Path.Combine(nyc.Data, "catalog", "members", "nyc.json"));
        await File.WriteAllBytesAsync(Path.Combine(nyc.Data, "catalog", at), forged, Cancel);
        await nyc.StartAgainAsync(Cancel);
        await InALineAsync(ams, nyc, msk);
        await TestSite.EventuallyAsync(() => HasAsync(nyc, at, second), Cancel);
        Assert.Equal(second, await ReadAsync(msk, at));
    }

    [Fact]
    public async Task M_05_a_document_that_a_keep_list_names_and_a_site_has_not_is_fetched_by_its_hash()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        var image = await msk.PutAsync("from-msk.iso", 1);
        await ams.KnowsAsync(image.Id);
        await nyc.KnowsAsync(image.Id);

        // nyc has not heard of msk's last words when they are all that counts of msk.
        await nyc.StopAsync();
        var late = await msk.PutAsync("late.iso", 2);
        await ams.KnowsAsync(late.Id);
        await msk.StopAsync();
        await FleetCalls.VerbAsync(0, "trust", "remove-site", "msk", "--revoke", "--config", ams.ConfigurationPath, "--root-key", ams.RootKey, "--yes");
        Directory.Delete(Path.Combine(nyc.Data, "catalog", "documents", "msk"), recursive: true);
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await nyc.TrustsAsync(4);
        await nyc.KnowsAsync(image.Id);
        await nyc.KnowsAsync(late.Id);
    }

    /// <summary>The ends do not know where the other end is.</summary>
    private static async Task InALineAsync(TestSite one, TestSite middle, TestSite other)
    {
        await one.SetPeersAsync([new(middle.Id, middle.FleetAddress!, middle.SwarmAddress!), new(other.Id, "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        await other.SetPeersAsync([new(middle.Id, middle.FleetAddress!, middle.SwarmAddress!), new(one.Id, "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        await middle.SetPeersAsync([new(one.Id, one.FleetAddress!, one.SwarmAddress!), new(other.Id, other.FleetAddress!, other.SwarmAddress!)], Cancel);
    }

    private static async Task<bool> HasAsync(TestSite site, string file, byte[] bytes)
    {
        try
        {
            return (await ReadAsync(site, file)).AsSpan().SequenceEqual(bytes);
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private static Task<byte[]> ReadAsync(TestSite site, string file) => File.ReadAllBytesAsync(Path.Combine(site.Data, "catalog", file), Cancel);
}
