using System.Security.Cryptography;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A site that may sign signs what is not so: that a SHA-256 and a root belong together which do not. It poisons no name and stops nobody.</summary>
public sealed class LyingSiteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_root_for_a_confirmed_image_changes_nothing_where_it_is_and_reaches_no_new_site_either()
    {
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc", "evil");
        var (ams, nyc, evil) = (fleet["ams"], fleet["nyc"], fleet["evil"]);
        var image = await ams.PutAsync("debian-12.iso", 1);
        var other = await evil.PutAsync("other.iso", 2);
        await EverywhereAsync(fleet, image);
        await EverywhereAsync(fleet, other);
        await TestSite.EventuallyAsync(async () => (await OneAsync(nyc, image))?.Sha256Confirmed == true, Cancel);

        // A third site that has not heard of the image before the lie.
        await evil.StopAsync();
        await nyc.StopAsync();
        File.Delete(nyc.StoreFile(image));
        File.Delete(Path.Combine(nyc.Data, "isocatalog.db"));
        var lied = Witness.Now;
        var liar = new SiteInHand(evil);
        liar.Sign(Claim(liar.ValueOf(image.Id), liar.ValueOf(other.Id)));
        await evil.StartAgainAsync(Cancel);
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);

        await ReportedAsync(ams, evil, image.Id, other.Root);
        await ReportedAsync(nyc, evil, image.Id, other.Root);
        foreach (var site in new[] { ams, nyc })
        {
            await TestSite.EventuallyAsync(async () => await OneAsync(site, image) is { Sha256Confirmed: true } && await OneAsync(site, other) is not null, Cancel, 60);
            await ServesAsync(site, image, 1);
            await ServesAsync(site, other, 2);
        }

        await NeverLeftAsync(ams, image, lied);
        await GoesOnAsync(ams, nyc);

        // What was found stays found.
        await nyc.KillAsync();
        await nyc.StartAgainAsync(Cancel);
        Assert.True(await nyc.ListsAsync("bmc", image.Id, Cancel), "the list is back at once, whatever the newest word is");
        await fleet.IntroduceAsync(Cancel);
        await TestSite.EventuallyAsync(async () => await OneAsync(nyc, image) is { Sha256Confirmed: true }, Cancel);
        await ReportedAsync(nyc, evil, image.Id, other.Root);
    }

    [Fact]
    public async Task A_root_that_belongs_to_another_image_is_never_offered_under_a_false_sha256_and_the_true_image_stays()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "evil");
        var (ams, nyc, evil) = (fleet["ams"], fleet["nyc"], fleet["evil"]);
        var image = await ams.PutAsync("debian-12.iso", 1);
        await EverywhereAsync(fleet, image);
        await TestSite.EventuallyAsync(async () => (await OneAsync(nyc, image))?.Sha256Confirmed == true, Cancel);
        await evil.StopAsync();
        var lied = Witness.Now;
        var liar = new SiteInHand(evil);
        var invented = new Sha256Digest(SHA256.HashData("nobody has such bytes"u8));
        liar.Sign(liar.ValueOf(image.Id) with { Sha256 = invented, FileName = "invented.iso" });
        await evil.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);

        foreach (var site in new[] { ams, nyc })
        {
            await ReportedAsync(site, evil, new ImageId(invented), image.Root);
            await TestSite.EventuallyAsync(
                async () => (await site.Client.GetImageAsync("sha256:" + invented, Cancel)).Ready[site.Id].Values.All(c => c is { State: CellState.Quarantined, Code: ReasonCode.Disputed }),
                Cancel);
            await ServesAsync(site, image, 1);
            await NeverLeftAsync(site, image, lied);
            Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "quarantine")));
        }

        await GoesOnAsync(ams, nyc);
    }

    /// <summary>The file belongs to the image that is live, whoever else claims its root and is deleted.</summary>
    [Theory]
    [InlineData("signed as removed")]
    [InlineData("signed as added, and removed by an operator")]
    public async Task An_invented_image_that_claims_the_root_of_a_good_one_and_is_removed_takes_nothing_with_it(string how)
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "evil");
        var (ams, nyc, evil) = (fleet["ams"], fleet["nyc"], fleet["evil"]);
        var image = await ams.PutAsync("debian-12.iso", 1);
        await EverywhereAsync(fleet, image);
        await TestSite.EventuallyAsync(async () => (await OneAsync(nyc, image))?.Sha256Confirmed == true, Cancel);
        await evil.StopAsync();
        var liar = new SiteInHand(evil);
        var invented = new Sha256Digest(SHA256.HashData("nobody has such bytes"u8));
        var claim = liar.ValueOf(image.Id) with { Sha256 = invented, FileName = "invented.iso" };
        if (how == "signed as removed")
        {
            liar.SignRemoval(claim);
        }
        else
        {
            liar.Sign(claim);
        }

        await evil.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        foreach (var site in new[] { ams, nyc })
        {
            await TestSite.EventuallyAsync(async () => await KnowsAsync(site, invented), Cancel);
        }

        if (how != "signed as removed")
        {
            await ams.Client.RemoveImageAsync("sha256:" + invented, null, Cancel);
            await TestSite.EventuallyAsync(async () => (await nyc.Client.GetImageAsync("sha256:" + invented, Cancel)).Deleted, Cancel);
        }

        foreach (var site in new[] { ams, nyc })
        {
            await site.StopAsync();
            await site.StartAgainAsync(Cancel);
        }

        await fleet.IntroduceAsync(Cancel);
        await GoesOnAsync(ams, nyc);
        foreach (var site in new[] { ams, nyc })
        {
            await ServesAsync(site, image, 1);
            Assert.True(File.Exists(site.StoreFile(image)));
            Assert.Empty((await site.Client.GetRetiredAsync(Cancel)).Retired);
            Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code is ReasonCode.StoreMissing or ReasonCode.StoreDamaged);
        }

        // And the good one can be removed and brought back.
        await nyc.Client.RemoveImageAsync(image.Name, null, Cancel);
        await nyc.StoreIsAsync(image, "retired");
        await nyc.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
        await nyc.ListsEverywhereAsync(image);
        await ServesAsync(nyc, image, 1);
    }

    private static async Task<bool> KnowsAsync(TestSite site, Sha256Digest image)
    {
        try
        {
            return await site.Client.GetImageAsync("sha256:" + image, Cancel) is not null;
        }
        catch (ApplianceException e) when (e.Status == 404)
        {
            return false;
        }
    }

    [Fact]
    public async Task Bytes_that_only_a_liar_offers_under_a_vendors_sha256_are_found_out_and_the_true_ones_take_their_place()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "evil");
        var (ams, nyc, evil) = (fleet["ams"], fleet["nyc"], fleet["evil"]);
        var other = await evil.PutAsync("other.iso", 2);
        await EverywhereAsync(fleet, other);
        var bytes = IsoBuilder.InMemory("TEST", 20_000, 1);
        var vendors = new ImageId(new Sha256Digest(SHA256.HashData(bytes)));
        await evil.StopAsync();
        await nyc.StopAsync();
        File.Delete(nyc.StoreFile(other));
        File.Delete(Path.Combine(nyc.Data, "isocatalog.db"));
        var liar = new SiteInHand(evil);
        liar.Sign(liar.ValueOf(other.Id) with { Sha256 = vendors.Sha256, FileName = "debian-12.iso" });
        await evil.StartAgainAsync(Cancel);
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        foreach (var site in new[] { ams, nyc })
        {
            await ReportedAsync(site, evil, vendors, other.Root);
            Assert.False(await site.ListsAsync("bmc", vendors, Cancel));
        }

        var image = await ams.PutAsync("debian-12.iso", 1);
        Assert.Equal(vendors, image.Id);
        foreach (var site in new[] { ams, nyc })
        {
            await TestSite.EventuallyAsync(async () => await OneAsync(site, image) is { Sha256Confirmed: true } && await OneAsync(site, other) is not null, Cancel, 60);
            await ServesAsync(site, image, 1);
            await ServesAsync(site, other, 2);
        }
    }

    /// <summary>The SHA-256 of one image with the bytes of another.</summary>
    private static ImageValue Claim(ImageValue name, ImageValue bytes) => bytes with { Sha256 = name.Sha256, FileName = name.FileName };

    private static async Task EverywhereAsync(TestFleet fleet, ImageView image)
    {
        foreach (var site in fleet.Sites)
        {
            await TestSite.EventuallyAsync(async () => await OneAsync(site, image) is not null, Cancel, 60);
        }
    }

    /// <summary>In what the site signs for the others to read, and where its operator looks.</summary>
    private static async Task ReportedAsync(TestSite site, TestSite asked, ImageId image, Sha256Digest root)
    {
        await TestSite.EventuallyAsync(
            async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Any(d => d.Code == "false-pair" && d.Reason.Contains("evil", StringComparison.Ordinal)), Cancel, 60);
        using var certificate = RawPeer.Certificate(asked.TlsKey());
        using var peer = RawPeer.Client(site.FleetAddress!, certificate);
        var trust = SiteInHand.Read(site).Trust;
        await TestSite.EventuallyAsync(
            async () => await SaidAsync() is { } said && Holdings.TryOpen(said, trust, out var holdings, out _)
                && holdings.Disputed.Any(d => d.Image == image && d.Root == root && d.Signer == "evil"),
            Cancel);

        // A site that was just started says nothing before it knows what it said before.
        async Task<byte[]?> SaidAsync()
        {
            using var answer = await peer.GetAsync(new Uri("holdings/" + site.Id, UriKind.Relative), Cancel);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsByteArrayAsync(Cancel) : null;
        }
    }

    private static async Task ServesAsync(TestSite site, ImageView image, int seed)
    {
        var name = (await site.FindAsync(image.Id))!.Name;
        Assert.Equal(IsoBuilder.InMemory("TEST", 20_000, seed), await File.ReadAllBytesAsync(Path.Combine(site.Console, name), Cancel));
        using var http = new HttpClient(new SocketsHttpHandler(), disposeHandler: true);
        Assert.Equal(IsoBuilder.InMemory("TEST", 20_000, seed), await http.GetByteArrayAsync((await OneAsync(site, image))!.Mount.Url, Cancel));
    }

    private static async Task NeverLeftAsync(TestSite site, ImageView image, DateTimeOffset from)
    {
        using var witness = new Witness(site);
        Assert.Empty(await witness.LeftAsync(image.Id, "bmc", from));
        Assert.Empty(await witness.LeftAsync(image.Id, "console", from));
    }

    private static async Task GoesOnAsync(TestSite ams, TestSite nyc)
    {
        var next = await ams.PutAsync("next.iso", 30);
        await TestSite.EventuallyAsync(async () => await OneAsync(nyc, next) is not null, Cancel, 60);
    }

    private static async Task<AvailableImage?> OneAsync(TestSite site, ImageView image) =>
        (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images.FirstOrDefault(i => i.Id == image.Id);
}
