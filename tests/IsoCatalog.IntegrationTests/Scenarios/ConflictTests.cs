using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Two sites that did not hear of each other said something about the same thing; afterwards all agree, and nothing is lost.</summary>
public sealed class ConflictTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_image_added_at_two_sites_at_once_is_one_image_and_nothing_travels()
    {
        await using var fleet = await CutOffAsync();
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var one = await ams.PutAsync("debian-12.iso", 1);
        var other = await nyc.PutAsync("debian-12.iso", 1);
        Assert.Equal(one.Id, other.Id);
        await fleet.IntroduceAsync(Cancel);
        await ListedAsync(fleet, one, "debian-12.iso");
        Assert.Single((await ams.Client.GetImagesAsync(Cancel)).Images);
        Assert.Single((await nyc.Client.GetImagesAsync(Cancel)).Images);
    }

    [Fact]
    public async Task The_same_name_for_other_bytes_at_two_sites_becomes_two_names_at_all_sites()
    {
        await using var fleet = await CutOffAsync();
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var one = await ams.PutAsync("debian-12.iso", 1);
        var other = await nyc.PutAsync("debian-12.iso", 2);
        foreach (var (site, image) in new[] { (ams, one), (nyc, other) })
        {
            await site.Client.ChangeImageAsync(image.Id.ToString(), new ImagePatch(Offer: "asap"), Cancel);
            await TestSite.EventuallyAsync(() => Task.FromResult(File.Exists(Path.Combine(site.Console, "debian-12.iso"))), Cancel);
        }

        await fleet.IntroduceAsync(Cancel);
        await ListedAsync(fleet, one, Named(one));
        await ListedAsync(fleet, other, Named(other));
        foreach (var site in fleet.Sites)
        {
            Assert.Equal(
                new[] { Named(one), Named(other) }.Order(StringComparer.Ordinal),
                Directory.EnumerateFiles(site.Console, "*.iso").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
            Assert.Equal(IsoBuilder.InMemory("TEST", 20_000, 1), await File.ReadAllBytesAsync(Path.Combine(site.Console, Named(one)), Cancel));
        }

        static string Named(ImageView image) => $"debian-12.{image.Sha256.ToString()[..8]}.iso";
    }

    private static async Task ListedAsync(TestFleet fleet, ImageView image, string name)
    {
        foreach (var site in fleet.Sites)
        {
            foreach (var surface in new[] { "bmc", "console" })
            {
                await TestSite.EventuallyAsync(
                    async () => (await site.Client.GetAvailableAsync(new AvailableRequest(surface), Cancel)).Images.Any(i => i.Id == image.Id && i.Name == name), Cancel);
            }
        }
    }

    /// <summary>Two sites of one fleet that do not know yet where the other is.</summary>
    private static async Task<TestFleet> CutOffAsync()
    {
        var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc");
        await fleet.StartAgainAsync(Cancel);

        return fleet;
    }
}
