using Deque.AxeCore.Playwright;
using IsoCatalog.Appliance.Web;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace IsoCatalog.IntegrationTests.Web;

/// <summary>The page with sixty images and twenty sites, in a real browser.</summary>
public sealed class ManyImagesPageTests(Browser browser) : IClassFixture<Browser>, IAsyncDisposable
{
    private const string Long = "a-name-that-goes-on-and-on-";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The third image is being fetched at each third site, and the fifth is ready on two surfaces of the second site.</summary>
    internal static LivePage OnTheWay(int images, int sites)
    {
        var page = Drawing.Page(images, sites, (image, site) => image == 2 && site[0] % 3 == 0 ? Drawing.Fetching(0.4391) : Drawing.Advertised);
        var mixed = Mixed(page.Images[4], page.Status.Sites[1].Id);
        return page with
        {
            Images = [.. page.Images.Select((v, i) => i == 4 ? mixed : v)],
            ReadyEverywhere = images - 2,
            Status = page.Status with { Transfers = [Drawing.Transfer(page.Images[2], 0.4391)] },
        };
    }

    [Fact]
    public async Task An_image_that_is_everywhere_takes_one_mark_and_says_where_on_demand()
    {
        await using var site = await DrawnSite.StartAsync(Drawing.Page(60, 20), Cancel);
        var page = await OpenAsync(site);

        await Expect(page.Locator("#images tbody tr")).ToHaveCountAsync(60);
        await Expect(page.Locator("#images tbody .shape")).ToHaveCountAsync(60);
        await Expect(page.Locator("#images td summary")).ToHaveTextAsync([.. Enumerable.Repeat("everywhere", 60)]);
        await Expect(page.Locator(".headline")).ToHaveTextAsync("In order. 20 sites, 60 images, all advertised");

        var first = page.Locator("#images td summary").First;
        await first.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#images td p").First).ToBeVisibleAsync();
        await Expect(page.Locator("#images td p").First).ToContainTextAsync("ams, arn, cdg");
        await Expect(page.Locator("#images td p").First).ToContainTextAsync("bmc, console, ovirt");
    }

    [Fact]
    public async Task A_site_whose_surfaces_agree_is_one_mark_and_one_where_they_differ_tells_each_on_demand()
    {
        var drawn = OnTheWay(60, 20);
        await using var site = await DrawnSite.StartAsync(drawn, Cancel);
        var page = await OpenAsync(site);
        var (fetched, mixed) = (Row(page, drawn.Images[2]), Row(page, drawn.Images[4]));

        await Expect(fetched.Locator(".marks > li")).ToHaveCountAsync(20);
        await Expect(fetched.Locator(".marks > li > .cell > .shape, .marks > li summary > .shape")).ToHaveCountAsync(20);
        await Expect(fetched.Locator(".marks > li").Nth(3)).ToContainTextAsync("dfw");
        await Expect(fetched.Locator(".marks > li:has-text('fra') summary")).ToHaveTextAsync("fra fetching 43 %");
        await Expect(mixed.Locator(".marks > li").Nth(1).Locator("summary")).ToHaveTextAsync("arn verifying 50 % (2 of 3 ready)");
        var surfaces = mixed.Locator(".marks > li").Nth(1).Locator("ul li");
        await Expect(surfaces.Nth(2)).ToBeHiddenAsync();
        await mixed.Locator(".marks > li").Nth(1).Locator("summary").PressAsync("Enter");
        await Expect(surfaces.Nth(2)).ToBeVisibleAsync();
        await Expect(surfaces.Nth(0)).ToContainTextAsync("bmc advertised");
        await Expect(surfaces.Nth(2)).ToContainTextAsync("ovirt verifying 50 % The bytes are being read back. verifying");
    }

    [Fact]
    public async Task Sites_and_what_is_on_the_way_come_before_the_images_and_twenty_good_sites_are_one_line()
    {
        await using var site = await DrawnSite.StartAsync(OnTheWay(60, 20), Cancel);
        var page = await OpenAsync(site);

        var (transfers, sites, images) = (await TopAsync("#transfers"), await TopAsync("#sites"), await TopAsync("#images"));
        Assert.True(transfers < sites && sites < images && images < 900, $"{transfers} {sites} {images}");
        await Expect(page.Locator("#sites summary")).ToHaveTextAsync(["20 sites ok"]);
        await Expect(page.Locator("#transfers .what")).ToHaveTextAsync(["fetching debian-12.12-minimal.iso"]);

        Task<double> TopAsync(string section) => page.EvaluateAsync<double>($"document.querySelector('{section}').getBoundingClientRect().top");
    }

    [Fact]
    public async Task What_waits_is_on_the_way_and_asks_for_nobody()
    {
        var drawn = OnTheWay(60, 20);
        var waits = drawn.Images.Skip(5).Select(i => new DriftView(
            ReasonCode.WaitingForSites, $"{i.Name} is ready here and is offered nowhere yet.", null, i.Id, Drawing.Now.AddHours(-1), "arn")).ToList();
        await using var site = await DrawnSite.StartAsync(drawn with { Status = drawn.Status with { Drift = waits } }, Cancel);
        var page = await OpenAsync(site);

        await Expect(page.Locator(".headline")).ToHaveTextAsync("On the way. 20 sites, 60 images: 2 not advertised everywhere");
        await Expect(page.Locator("#drift")).ToContainTextAsync("Everything that is published is as it should be.");
        await Expect(page.Locator("#transfers ul").First.Locator("> li")).ToHaveCountAsync(5);
        await Expect(page.Locator("#transfers > details > summary")).ToHaveTextAsync("51 more");

        // One of which it is known that it has come to rest is not on its way.
        await site.ShowAsync(drawn with { Status = drawn.Status with { Drift = waits }, Stuck = new HashSet<(Core.Catalog.ImageId, string)> { (drawn.Images[5].Id, "arn") } });
        await Expect(page.Locator(".headline")).ToContainTextAsync("Attention. 20 sites, 60 images: 1 drifting");
    }

    [Theory]
    [InlineData(320, "en")]
    [InlineData(390, "ru")]
    [InlineData(768, "en")]
    public async Task On_a_phone_every_site_is_seen_and_nothing_scrolls_sideways(int width, string language)
    {
        var drawn = OnTheWay(60, 20);
        await using var site = await DrawnSite.StartAsync(drawn, Cancel);
        var page = await OpenAsync(site, width: width, language: language);

        var marks = Row(page, drawn.Images[2]).Locator(".marks > li");
        await Expect(marks).ToHaveCountAsync(20);
        Assert.All(
            await marks.EvaluateAllAsync<double[][]>("all => all.map(e => { const r = e.getBoundingClientRect(); return [r.left, r.right, r.height]; })"),
            r => Assert.True(r[0] >= 0 && r[1] <= width && r[2] > 10, $"{r[0]} to {r[1]}, {r[2]} high"));
        Assert.Equal(
            drawn.Status.Sites.Select(s => s.Id),
            await marks.EvaluateAllAsync<string[]>("all => all.map(e => e.innerText.trim().split(/\\s/)[0])"));
        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width);
        Assert.Equal(0, await page.Locator("#images").EvaluateAsync<int>(
            "e => [e, ...e.querySelectorAll('*')].filter(c => c.scrollWidth > c.clientWidth && c.clientWidth > 1 && /auto|scroll/.test(getComputedStyle(c).overflowX)).length"));
    }

    [Fact]
    public async Task Updates_lose_neither_the_focus_nor_the_place_nor_what_was_opened()
    {
        var drawn = OnTheWay(60, 20);
        await using var site = await DrawnSite.StartAsync(drawn, Cancel);
        var page = await OpenAsync(site);
        await Expect(page.Locator("#live")).ToHaveTextAsync("live");
        var row = Row(page, drawn.Images[40]);
        await row.Locator("summary").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await row.EvaluateAsync("e => scrollTo({ top: scrollY + e.getBoundingClientRect().top - 300, behavior: 'instant' })");
        var top = await TopAsync();
        Assert.InRange(top, 299, 301);

        // More stands above it, rows before it go and others change.
        await site.ShowAsync(drawn with
        {
            Images = [.. drawn.Images.Where((_, i) => i is not (1 or 7 or 39)).Select((v, i) => i == 10 ? Mixed(v, "fra") : v)],
            Matching = 57,
            Status = drawn.Status with
            {
                Transfers = [.. drawn.Images.Take(20).Select(i => Drawing.Transfer(i, 0.5))],
                Drift = [.. drawn.Images.Take(3).Select(i => new DriftView(ReasonCode.FileMissing, "The published file is gone.", "bmc", i.Id, Drawing.Now))],
            },
        });
        await Expect(page.Locator("#images tbody tr")).ToHaveCountAsync(57);
        await Expect(row.Locator("summary")).ToBeFocusedAsync();
        await Expect(row.Locator("td p").First).ToBeVisibleAsync();
        Assert.InRange(await TopAsync(), top - 2, top + 2);

        // What had the focus is another thing now: it stays in the row.
        await site.ShowAsync(drawn with { Images = [.. drawn.Images.Select((v, i) => i == 40 ? Mixed(v, "fra") : v)] });
        await Expect(row.Locator(".marks")).ToHaveCountAsync(1);
        Assert.True(await row.EvaluateAsync<bool>("e => e.contains(document.activeElement)"));
        Assert.InRange(await TopAsync(), top - 2, top + 2);

        Task<double> TopAsync() => row.EvaluateAsync<double>("e => e.getBoundingClientRect().top");
    }

    [Theory]
    [InlineData(1280, false, "en")]
    [InlineData(1280, true, "ru")]
    [InlineData(360, false, "ru")]
    [InlineData(360, true, "en")]
    public async Task Axe_finds_nothing_to_object_to(int width, bool dark, string language)
    {
        var drawn = OnTheWay(60, 20);
        drawn = drawn with
        {
            Status = drawn.Status with
            {
                Sites = [.. drawn.Status.Sites.Select((s, i) => i switch { 3 => s with { State = "late" }, 4 => s with { Missing = 2 }, _ => s })],
                Drift = [new DriftView(ReasonCode.FileMissing, "The published file is gone.", "bmc", drawn.Images[1].Id, Drawing.Now)],
            },
        };
        await using var site = await DrawnSite.StartAsync(drawn, Cancel);
        var page = await OpenAsync(site, width, dark, language);
        await Row(page, drawn.Images[4]).Locator("summary").First.ClickAsync();

        var result = await page.RunAxe();
        Assert.True(result.Violations.Length == 0, string.Join('\n', result.Violations.Select(v => $"{v.Id}: {v.Help} at {string.Join(", ", v.Nodes.Select(n => n.Html))}")));
    }

    [Fact]
    public async Task Hostile_names_stay_in_their_row()
    {
        var drawn = Drawing.Page(60, 20);
        string[] names =
        [
            WatchedSite.HostileTitle, string.Concat(Enumerable.Repeat(Long, 40)), "\u202Eosi.live\u202C", "\u05D0\u05D1\u05D2 123", string.Concat(Enumerable.Repeat("e\u0301\u0327\u0301", 300)),
        ];
        await using var site = await DrawnSite.StartAsync(
            drawn with { Images = [.. drawn.Images.Select((v, i) => i < names.Length ? v with { Title = names[i], Name = names[i] } : v)] }, Cancel);
        foreach (var width in new[] { 1280, 360 })
        {
            var page = await OpenAsync(site, width);
            await Expect(Row(page, drawn.Images[0]).Locator(".title")).ToHaveTextAsync(WatchedSite.HostileTitle);
            Assert.DoesNotContain('\u202E', await page.ContentAsync());
            Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= width);
            Assert.All(
                await page.Locator("#images tbody tr").EvaluateAllAsync<double[]>("all => all.map(e => e.getBoundingClientRect().height)"),
                height => Assert.True(height < 260, $"{height} high"));
            await Expect(page.Locator("img")).ToHaveCountAsync(0);
            await Expect(page.Locator("script")).ToHaveCountAsync(1);
            await Expect(page).ToHaveTitleAsync("ams - IsoCatalog");
        }
    }

    public async ValueTask DisposeAsync() => await browser.CloseAllAsync();

    private static ILocator Row(IPage page, ImageView image) => page.Locator($"#i-{image.Id.Sha256.ToString()[..12]}");

    private static ImageView Mixed(ImageView image, string site) => image with
    {
        Ready = image.Ready.ToDictionary(s => s.Key, s => s.Key != site ? s.Value : s.Value.ToDictionary(
            c => c.Key, c => c.Key == "ovirt" ? new CellView(CellState.Verifying, "The bytes are being read back.", ReasonCode.Verifying, Drawing.Now, 0.5) : c.Value)),
    };

    private async Task<IPage> OpenAsync(DrawnSite site, int width = 1280, bool dark = false, string language = "en")
    {
        var page = await browser.OpenAsync(site.Api, dark: dark, width: width, language: language);
        await page.GotoAsync("/");
        return page;
    }
}
