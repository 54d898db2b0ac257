using System.Text;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace IsoCatalog.IntegrationTests.Web;

/// <summary>Makes the pictures of docs/web.md from a real fleet of three sites. By hand: <c>-explicit only -class '*Web.Pictures'</c>.</summary>
[Collection(typeof(WholeMachine))]
public sealed class Pictures
{
    private static readonly (string File, string Title, int Size)[] Images =
    [
        ("almalinux-10.1-minimal.iso", "AlmaLinux 10.1 minimal", 900_000),
        ("debian-13.2-netinst.iso", "Debian 13.2 netinst", 700_000),
        ("freebsd-15.0-bootonly.iso", "FreeBSD 15.0 boot only", 500_000),
        ("proxmox-ve-9.1.iso", "Proxmox VE 9.1", 1_200_000),
        ("systemrescue-12.02.iso", "SystemRescue 12.02", 1_000_000),
        ("ubuntu-24.04.3-server.iso", "Ubuntu Server 24.04.3 LTS", 1_400_000),
        ("virtio-win-0.1.285.iso", "VirtIO drivers for Windows 0.1.285", 600_000),
        ("windows-server-2025.iso", "Windows Server 2025", 1_500_000),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Of_three_sites_with_something_on_the_way_and_something_adrift()
    {
        await using var fleet = await TestFleet.StartAsync(
            new TestSiteOptions { Extra = "store: { floor: 1MiB }\nfetch: { download: 1MiB/s }" }, Cancel, "ams", "nyc", "msk");
        var (ams, folder) = (fleet["ams"], Folder());
        var added = new List<ImageView>();
        foreach (var (file, title, size) in Images)
        {
            added.Add(await AddAsync(ams, file, title, size));
        }

        await TestSite.EventuallyAsync(async () => (await ams.Client.GetImagesAsync(Cancel)).Images.All(i => i.Ready.Count == 3
            && i.Ready.Values.All(c => c.Count > 0 && c.Values.All(v => v.State == CellState.Advertised))), Cancel, seconds: 120);
        await ams.Client.TakeLeaseAsync(new LeaseRequest(added[1].Id.ToString(), "bmc", "10.20.0.31", 3600), Cancel);
        await ams.Client.TakeLeaseAsync(new LeaseRequest(added[5].Id.ToString(), "console", "vps-4711", 86400), Cancel);
        await ams.Client.RemoveImageAsync(added[2].Id.ToString(), "end of life", Cancel);
        await File.WriteAllTextAsync(Path.Combine(ams.Console, "notes.txt"), "somebody's", Cancel);
        await File.WriteAllTextAsync(Path.Combine(ams.Console, "old-image.iso"), "somebody's", Cancel);
        await AddAsync(ams, "opensuse-leap-16.0.iso", "openSUSE Leap 16.0", 24 << 20);

        await using var browser = new Browser();
        var page = await browser.OpenAsync(ams.Api);
        await page.GotoAsync("/");
        await Expect(page.Locator("#images details.cell", new PageLocatorOptions { HasText = "fetching" }).First).ToBeVisibleAsync();
        await Expect(page.Locator("#drift li").First).ToBeVisibleAsync();
        await SaveAsync(page, folder, "live-page-light.png");
        var dark = await browser.OpenAsync(fleet["nyc"].Api, dark: true);
        await dark.GotoAsync("/");
        await Expect(dark.Locator("#transfers progress").First).ToBeVisibleAsync();
        await SaveAsync(dark, folder, "live-page-dark.png");
        var phone = await browser.OpenAsync(ams.Api, width: 390);
        await phone.GotoAsync("/");
        await Expect(phone.Locator("#live")).ToHaveTextAsync("live");
        await SaveAsync(phone, folder, "live-page-phone.png");
        var russian = await browser.OpenAsync(ams.Api, language: "ru");
        await russian.GotoAsync("/");
        await Expect(russian.Locator("#live")).ToHaveTextAsync("обновляется");
        await SaveAsync(russian, folder, "live-page-russian.png");
    }

    /// <summary>More than this machine could run: drawn, and shown as a site shows it.</summary>
    [Fact(Explicit = true)]
    public async Task Of_sixty_images_and_of_twenty_sites()
    {
        var folder = Folder();
        await using var browser = new Browser();
        foreach (var (images, sites, file) in new[] { (60, 3, "live-page-60-images.png"), (60, 20, "live-page-20-sites.png") })
        {
            await using var drawn = await DrawnSite.StartAsync(ManyImagesPageTests.OnTheWay(images, sites), Cancel);
            var page = await browser.OpenAsync(drawn.Api);
            await page.GotoAsync("/");
            await Expect(page.Locator("#live")).ToHaveTextAsync("live");
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, file), Clip = new Clip { Width = 1280, Height = 1500 }, FullPage = true });
        }
    }

    private static async Task<ImageView> AddAsync(TestSite site, string file, string title, int size)
    {
        using var content = new MemoryStream(IsoBuilder.InMemory("PICTURE", size, Encoding.UTF8.GetBytes(file).Sum(b => b)));
        var image = await site.Client.UploadImageAsync(content, file, null, null, null, Cancel);
        return await site.Client.ChangeImageAsync(image.Id.ToString(), new ImagePatch(Title: title), Cancel);
    }

    private static Task SaveAsync(IPage page, string folder, string name) =>
        page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name), FullPage = true });

    private static string Folder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "IsoCatalog.sln")))
        {
            folder = folder.Parent;
        }

        return Directory.CreateDirectory(Path.Combine(folder.FullName, "docs", "images")).FullName;
    }
}
