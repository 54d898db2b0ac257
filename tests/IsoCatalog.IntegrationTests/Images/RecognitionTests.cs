using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Images;

/// <summary>What an image is called: by what it says itself, and never against what somebody says.</summary>
public sealed class RecognitionTests
{
    private const string Microsoft = "MICROSOFT CORPORATION";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_panel_shows_what_the_makers_call_their_images_and_finds_Windows()
    {
        Counterpart.RequireFile("/usr/share/osinfo/VERSION", "osinfo-db");
        await using var site = await TestSite.StartAsync(Cancel);
        var images = new Dictionary<string, ImageView>(StringComparer.Ordinal);
        foreach (var (name, recipe) in new (string, IsoRecipe)[]
                 {
                     ("windows_server_2019.iso", new() { VolumeId = "SSS_X64FRE_EN-US_DV9", Publisher = Microsoft, ApplicationId = "CDIMAGE 2.56 (01/01/2005 TM)", Bios = true, EfiPrograms = ["BOOTX64.EFI"] }),
                     ("win7.iso", new() { VolumeId = "GSP1RMCPRFRER_CS_DVD", Publisher = Microsoft, Bios = true }),
                     ("debian-9.iso", new() { VolumeId = "Debian 9.13.0 i386 n", Bios = true }),
                     ("debian-11.iso", new() { VolumeId = "Debian 11.9.0 amd64 n", Bios = true }),
                     ("virtio-win.iso", new() { VolumeId = "virtio-win-0.1.240", Joliet = true }),
                     ("grub-rescue.iso", new() { VolumeId = "ISOIMAGE" }),
                     ("own.iso", new() { VolumeId = "OUR_OWN_TOOLS" }),
                 })
        {
            var path = Path.Combine(site.Root, name);
            await IsoBuilder.BuildAsync(path, recipe, Cancel);
            images[name] = await site.AddAsync(path, Cancel);
        }

        // Through the inbox, nobody says anything.
        await IsoBuilder.BuildAsync(Path.Combine(site.Root, "debian-12.iso"), new() { VolumeId = "Debian 12.5.0 amd64 n" }, Cancel);
        File.Move(Path.Combine(site.Root, "debian-12.iso"), Path.Combine(site.Inbox, "debian-12.iso"));
        await TestSite.EventuallyAsync(async () => (await AvailableAsync(site)).Any(i => i.Name == "debian-12.iso"), Cancel);

        var all = await AvailableAsync(site);
        Assert.Equal(
            [
                "Debian 9.13.0 netinst (i686)", "Debian 11.9.0 netinst", "Debian 12.5.0 netinst", "grub-rescue", "OUR_OWN_TOOLS", "VirtIO drivers for Windows 0.1.240",
                "Windows 7 Professional (cs-CZ, i686)", "Windows Server 2019 (en-US)",
            ],
            all.Select(i => i.Title));
        Assert.Equal(["virtio-win.iso", "win7.iso", "windows_server_2019.iso"], await NamesAsync(new("console", Os: "windows")));
        Assert.Equal(["windows_server_2019.iso"], await NamesAsync(new("console", Os: "windows-server")));
        Assert.Equal(["debian-9.iso", "debian-11.iso", "debian-12.iso"], await NamesAsync(new("console", Os: "debian", Kind: "installer")));
        Assert.Equal(["debian-9.iso", "win7.iso"], await NamesAsync(new("console", Arch: "i686")));
        Assert.Equal(["virtio-win.iso"], await NamesAsync(new("console", Kind: "drivers")));
        var debian = all.Single(i => i.Name == "debian-11.iso");
        Assert.Equal((new ImageOs("linux", "debian", "11", "netinst"), "installer", "Debian 11.9.0 amd64 n"), (debian.Os, debian.Kind, debian.VolumeId));
        Assert.Equal(["x86_64"], debian.Arch);

        // The operators' lists are in the same order of names, page by page too.
        Assert.Equal(["debian-9.iso", "debian-11.iso", "debian-12.iso", "grub-rescue.iso"], (await site.Client.GetImagesAsync(Cancel)).Images.Take(4).Select(i => i.Name));
        using var caller = new ApiCaller(site.Api);
        Assert.Equal(["debian-9.iso", "debian-11.iso"], (await caller.GetAsync("/api/v1/images?limit=2")).Names);

        // It says by what it was recognised, and when it was: its weakest stamp tells no time.
        var described = (await site.Client.GetImageAsync("debian-11.iso", Cancel)).Described!;
        Assert.Contains("recognised by osinfo-db (http://debian.org/debian/11)", described.Why, StringComparison.Ordinal);
        Assert.Equal(images["debian-11.iso"].AddedAt, described.At);
        Assert.Null((await site.Client.GetImageAsync("own.iso", Cancel)).Described);

        async Task<IEnumerable<string>> NamesAsync(AvailableRequest request) => (await site.Client.GetAvailableAsync(request, Cancel)).Images.Select(i => i.Name);
    }

    [Fact]
    public async Task What_whoever_adds_an_image_says_counts_and_what_was_said_before_is_kept()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        var bytes = IsoBuilder.InMemory("Debian 12.5.0 amd64 n", 20_000, 1);
        await using (var content = new MemoryStream(bytes))
        {
            var added = await site.Client.UploadImageAsync(content, "debian.iso", null, "Our Debian", "other", replace: false, null, Cancel);
            Assert.Equal(("Our Debian", "other", "debian"), (added.Title, added.Meta.Kind, added.Meta.Os.Distro));
            await site.Client.ChangeImageAsync("debian.iso", new ImagePatch(Order: 3, Os: new ImageOs("linux", "ours")), Cancel);
            await site.Client.RemoveImageAsync("debian.iso", null, Cancel);
        }

        await using var again = new MemoryStream(bytes);
        var back = await site.Client.UploadImageAsync(again, "debian.iso", null, null, null, Cancel);
        Assert.Equal(("Our Debian", "other", "ours", 3), (back.Title, back.Meta.Kind, back.Meta.Os.Distro, back.Meta.Order));
    }

    [Fact]
    public async Task A_title_that_somebody_gave_at_one_site_is_not_replaced_by_what_another_one_recognised_later()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await nyc.SetPeersAsync([new PeerAddress("ams", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        await ams.SetPeersAsync([new PeerAddress("nyc", "127.0.0.1:1", "127.0.0.1:1")], Cancel);
        var bytes = IsoBuilder.InMemory("Debian 12.5.0 amd64 n", 20_000, 1);
        await using var content = new MemoryStream(bytes);
        var said = await ams.Client.UploadImageAsync(content, "debian.iso", null, "Our Debian", null, Cancel);
        var alone = await ams.UploadAsync("alpine.iso", IsoBuilder.InMemory("alpine-virt 3.19.1 x86_64", 20_000, 2));
        var recognised = await nyc.UploadAsync("debian.iso", bytes);
        Assert.Equal(("Our Debian", "Debian 12.5.0 netinst"), (said.Title, recognised.Title));

        await fleet.IntroduceAsync(Cancel);
        await nyc.KnowsAsync(said.Id, i => i.Title == "Our Debian");
        await nyc.KnowsAsync(alone.Id, i => i.Title == "Alpine Linux 3.19.1 Virtual" && i.Meta.Os.Distro == "alpinelinux" && i.Described?.Site == "ams");
        await TestSite.EventuallyAsync(async () => (await ams.PeerAsync("nyc")).ErrorCode is null, Cancel);
        Assert.Equal("Our Debian", (await ams.Client.GetImageAsync(said.Id.ToString(), Cancel)).Title);

        // A word of the site that recognised it is newer again.
        await nyc.Client.ChangeImageAsync("debian.iso", new ImagePatch(Title: "Said in New York"), Cancel);
        await ams.KnowsAsync(said.Id, i => i.Title == "Said in New York");
    }

    private static async Task<IReadOnlyList<AvailableImage>> AvailableAsync(TestSite site) => (await site.Client.GetAvailableAsync(new AvailableRequest("console"), Cancel)).Images;
}
