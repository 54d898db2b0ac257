using System.Security.Cryptography;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>What a fleet promises: whole sites in processes of their own, joined through the verbs.</summary>
public sealed class ThreeSitesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_added_at_any_site_is_on_every_list_of_every_site_and_leaves_all_of_them()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var bytes = IsoBuilder.InMemory("DEBIAN", 3 << 20, 1);
        var image = await fleet["nyc"].UploadAsync("debian-12.iso", bytes);
        await fleet.ListsEverywhereAsync(image);
        foreach (var site in fleet.Sites)
        {
            var published = await File.ReadAllBytesAsync(Path.Combine(site.Console, "debian-12.iso"), Cancel);
            Assert.Equal(image.Sha256.ToString(), Convert.ToHexStringLower(SHA256.HashData(published)));
            await TestSite.EventuallyAsync(async () => (await OneAsync(site, "bmc", image))!.Sha256Confirmed, Cancel);
        }

        // What one site knows of the others is theirs to say, and says no URL.
        foreach (var site in new[] { "msk", "*" })
        {
            AvailableAnswer answer = null!;
            await TestSite.EventuallyAsync(
                async () => (answer = await fleet["ams"].Client.GetAvailableAsync(new AvailableRequest("ipmi", site), Cancel)).Images.Count > 0, Cancel);
            Assert.Equal((site, image.Id), (answer.Site, Assert.Single(answer.Images).Id));
            Assert.Equal(site == "*", answer.Images[0].Mount.Url is not null);
        }

        await fleet["msk"].Client.RemoveImageAsync(image.Name, "end of life", Cancel);
        foreach (var site in fleet.Sites)
        {
            await TestSite.EventuallyAsync(async () => await OneAsync(site, "bmc", image) is null && await OneAsync(site, "console", image) is null, Cancel);
            await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(Path.Combine(site.Console, "debian-12.iso"))), Cancel);
        }

        await fleet["ams"].Client.RestoreImageAsync(image.Id.ToString(), Cancel);
        await fleet.ListsEverywhereAsync(image);
    }

    [Fact]
    public async Task An_image_offered_together_appears_nowhere_before_the_last_site_is_ready()
    {
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await nyc.KillAsync();
        var image = await ams.UploadAsync("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 2));
        await TestSite.EventuallyAsync(async () => (await ams.Client.GetImageAsync(image.Id.ToString(), Cancel)).Ready["ams"].Values.All(c => c.State == CellState.Staged), Cancel);
        Assert.Null(await OneAsync(ams, "bmc", image));
        Assert.False(File.Exists(Path.Combine(ams.Console, image.Name)));

        // The one that is not waited for is what the operator says must be offered at once.
        await ams.Client.ChangeImageAsync(image.Name, new ImagePatch(Offer: "asap"), Cancel);
        await TestSite.EventuallyAsync(async () => await OneAsync(ams, "bmc", image) is not null, Cancel);

        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await fleet.ListsEverywhereAsync(image);
    }

    [Fact]
    public async Task A_site_killed_in_mid_transfer_goes_on_where_it_was_and_converges()
    {
        await using var fleet = await TestFleet.StartAsync(
            new TestSiteOptions { OwnProcess = true, Extra = "store: { floor: 1MiB }\nfetch: { download: 8MB/s }" }, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var image = await ams.UploadAsync("large.iso", IsoBuilder.InMemory("LARGE", 96 << 20, 3));
        await nyc.KnowsAsync(image.Id, i => i.Ready["nyc"]["bmc"] is { State: CellState.Fetching, Progress: > 0.6 }, seconds: 60);
        await nyc.KillAsync();
        var size = new FileInfo(Path.Combine(nyc.Data, "staging", "fetch", image.Root.ToString()));
        Assert.True(size.Exists, "what was fetched is kept");

        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await fleet.ListsEverywhereAsync(image, seconds: 90);
        var again = await nyc.MetricAsync("isocatalog_swarm_received_bytes_total");
        Assert.True(again < 70 << 20, $"After the restart {again / 1e6:F0} of {image.Size / 1e6:F0} MB were fetched again.");
    }

    [Fact]
    public async Task A_damaged_store_is_mended_from_other_sites_by_its_bad_blocks_alone()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var image = await ams.UploadAsync("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 20 << 20, 4));
        await fleet.ListsEverywhereAsync(image);
        var before = await nyc.MetricAsync("isocatalog_swarm_received_bytes_total");
        var file = nyc.StoreFile(image);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (var damaged = new FileStream(file, FileMode.Open, FileAccess.Write))
        {
            damaged.Position = 5 << 20;
            damaged.Write(new byte[10]);
            damaged.Write("damage"u8);
        }

        await TestSite.EventuallyAsync(async () => await OneAsync(nyc, "bmc", image) is null, Cancel, seconds: 5);
        await TestSite.EventuallyAsync(async () => await OneAsync(nyc, "bmc", image) is not null && await OneAsync(nyc, "console", image) is not null, Cancel, seconds: 60);
        Assert.Equal(image.Sha256.ToString(), Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file, Cancel))));
        var fetched = await nyc.MetricAsync("isocatalog_swarm_received_bytes_total") - before;
        Assert.True(fetched is > 0 and <= 1 << 20, $"{fetched} bytes were fetched to mend one block.");
        Assert.NotNull(await OneAsync(ams, "bmc", image));
    }

    [Fact]
    public async Task An_image_removed_while_it_is_fetched_leaves_nothing_behind()
    {
        await using var fleet = await TestFleet.StartAsync(
            new TestSiteOptions { Extra = "store: { floor: 1MiB }\nfetch: { download: 2MB/s }" }, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var image = await ams.UploadAsync("short-lived.iso", IsoBuilder.InMemory("SHORT", 40 << 20, 5));
        await nyc.KnowsAsync(image.Id, i => i.Ready["nyc"]["bmc"] is { State: CellState.Fetching, Progress: > 0 }, seconds: 60);
        await ams.Client.RemoveImageAsync(image.Name, null, Cancel);
        await TestSite.EventuallyAsync(
            () => Task.FromResult(!Directory.EnumerateFiles(Path.Combine(nyc.Data, "staging", "fetch")).Any()), Cancel);
        Assert.False(File.Exists(nyc.StoreFile(image)));
    }

    private static async Task<AvailableImage?> OneAsync(TestSite site, string surface, ImageView image) =>
        (await site.Client.GetAvailableAsync(new AvailableRequest(surface), Cancel)).Images.FirstOrDefault(i => i.Id == image.Id);
}
