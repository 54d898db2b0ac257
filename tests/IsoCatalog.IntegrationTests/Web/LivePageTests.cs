using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace IsoCatalog.IntegrationTests.Web;

/// <summary>The page of a real site in a real browser.</summary>
public sealed class LivePageTests(WatchedSite watched) : IClassFixture<WatchedSite>, IAsyncDisposable
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Shows_every_image_with_its_state_on_every_surface()
    {
        var page = await OpenAsync();

        await Expect(page.Locator(".headline")).ToHaveTextAsync("In order. 1 site, 2 images, all advertised");
        await Expect(Row(page, watched.Debian).Locator("th")).ToContainTextAsync("Debian 12");
        await Expect(Marks(page, watched.Debian)).ToHaveTextAsync(["everywhere"]);
        await Expect(Row(page, watched.Debian).Locator("td p")).ToHaveTextAsync(["ams: bmc, console"]);
        await Expect(page.Locator("#site-ams")).ToContainTextAsync("2 of 2 advertised");
    }

    [Fact]
    public async Task An_image_that_comes_and_goes_is_seen_without_loading_the_page_again()
    {
        var page = await OpenAsync();
        await Expect(page.Locator("#live")).ToHaveTextAsync("live");
        await page.EvaluateAsync("window.stayed = true");

        var added = await ApiCaller.AddAsync(watched.Site, "comes-and-goes.iso", 3, "COMES");
        await Expect(Marks(page, added)).ToHaveTextAsync(["everywhere"]);
        await Expect(page.Locator(".headline")).ToContainTextAsync("3 images");

        await watched.Site.Client.RemoveImageAsync(added.Id.ToString(), null, Cancel);
        await Expect(Row(page, added)).ToHaveCountAsync(0);
        await Expect(page.Locator("#retired")).ToContainTextAsync("comes-and-goes.iso");
        Assert.True(await page.EvaluateAsync<bool>("window.stayed"));
    }

    [Fact]
    public async Task A_reason_is_opened_with_the_keyboard_and_stays_open_while_the_page_changes()
    {
        var page = await OpenAsync();
        await Expect(page.Locator("#live")).ToHaveTextAsync("live");
        var hidden = await ApiCaller.AddAsync(watched.Site, "hidden.iso", 4, "HIDDEN");
        try
        {
            await watched.Site.Client.ChangeImageAsync(hidden.Id.ToString(), new ImagePatch(Hidden: true), Cancel);
            var summary = Row(page, hidden).Locator("td summary").First;
            await Expect(summary).ToContainTextAsync("hidden");
            await summary.FocusAsync();
            await page.Keyboard.PressAsync("Enter");
            await Expect(Row(page, hidden).Locator("td details p").First).ToBeVisibleAsync();
            await Expect(Row(page, hidden).Locator("td details p").First).ToContainTextAsync("The image is hidden.");

            await watched.Site.Client.ChangeImageAsync(hidden.Id.ToString(), new ImagePatch(Title: "Hidden from panels"), Cancel);
            await Expect(Row(page, hidden).Locator("th")).ToContainTextAsync("Hidden from panels");
            await Expect(Row(page, hidden).Locator("td details p").First).ToBeVisibleAsync();
            await Expect(summary).ToBeFocusedAsync();
        }
        finally
        {
            await watched.Site.Client.RemoveImageAsync(hidden.Id.ToString(), null, Cancel);
        }
    }

    [Fact]
    public async Task Without_scripts_it_shows_the_same_and_loads_itself_again()
    {
        var page = await OpenAsync(scripts: false);

        await Expect(Marks(page, watched.Debian)).ToHaveTextAsync(["everywhere"]);
        Assert.Equal("30", await page.Locator("meta[http-equiv=refresh]").GetAttributeAsync("content"));

        await page.GetByLabel("Name, title or id").FillAsync("debian");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Show" }).ClickAsync();
        await Expect(Row(page, watched.Debian)).ToHaveCountAsync(1);
        await Expect(Row(page, watched.Hostile)).ToHaveCountAsync(0);
        Assert.EndsWith("/?q=debian", page.Url, StringComparison.Ordinal);

        await page.GetByLabel("not advertised everywhere").CheckAsync();
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Show" }).ClickAsync();
        await Expect(page.Locator("#images .none")).ToHaveTextAsync("No image is like that.");
    }

    [Fact]
    public async Task A_hostile_title_is_text_also_when_it_comes_live()
    {
        var page = await OpenAsync();
        var row = Row(page, watched.Hostile);
        await Expect(row.Locator(".title")).ToHaveTextAsync(WatchedSite.HostileTitle);
        await Expect(page.Locator("#live")).ToHaveTextAsync("live");

        await watched.Site.Client.ChangeImageAsync(watched.Hostile.Id.ToString(), new ImagePatch(Title: WatchedSite.HostileTitle + "!"), Cancel);
        await Expect(row.Locator(".title")).ToHaveTextAsync(WatchedSite.HostileTitle + "!");
        await watched.Site.Client.ChangeImageAsync(watched.Hostile.Id.ToString(), new ImagePatch(Title: WatchedSite.HostileTitle), Cancel);
        await Expect(row.Locator(".title")).ToHaveTextAsync(WatchedSite.HostileTitle);

        await Expect(page.Locator("img")).ToHaveCountAsync(0);
        await Expect(page.Locator("script")).ToHaveCountAsync(1);
        await Expect(page).ToHaveTitleAsync("ams - IsoCatalog");
    }

    [Fact]
    public async Task An_add_on_its_way_has_a_bar_that_grows()
    {
        var page = await OpenAsync();
        await Expect(page.Locator("#live")).ToHaveTextAsync("live");
        using var content = new HeldStream(IsoCatalog.Testing.IsoBuilder.InMemory("SLOW", 4 << 20, 5));
        var upload = watched.Site.Client.UploadImageAsync(content, "slow.iso", null, null, null, Cancel);

        var bar = page.Locator("#transfers progress[aria-label='slow.iso']");
        await Expect(bar).ToHaveCountAsync(1);
        await Expect(bar).Not.ToHaveAttributeAsync("value", "0.000");
        await Expect(page.Locator("#transfers .trips > li")).ToContainTextAsync(["slow.iso"]);

        content.Release();
        var image = await upload;
        await Expect(bar).ToHaveCountAsync(0);
        await Expect(Marks(page, image)).ToHaveTextAsync(["everywhere"]);
        await watched.Site.Client.RemoveImageAsync(image.Id.ToString(), null, Cancel);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Axe_finds_nothing_to_object_to(bool dark)
    {
        var page = await OpenAsync(dark: dark);
        await Expect(page.Locator("#live")).ToHaveTextAsync("live");

        var result = await page.RunAxe();

        Assert.True(result.Violations.Length == 0, Said(result));
        Assert.NotEmpty(result.Passes);
        Assert.Equal(dark, await page.EvaluateAsync<bool>("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).every(c => c < 64)"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Recalls_and_aliases_are_seen_with_why_when_and_by_whom_and_axe_objects_to_nothing(bool scripts)
    {
        var page = await OpenAsync();
        await Expect(page.Locator("#live")).ToHaveTextAsync("live");
        await Expect(page.Locator("#recalls")).ToContainTextAsync("No image is recalled.");
        var bytes = "sha256:" + new string('e', 64);
        try
        {
            await watched.Site.Client.BlockImageAsync(bytes, new BlockRequest(WatchedSite.HostileTitle), Cancel);
            await watched.Site.Client.SetAliasAsync("debian-latest", new AliasRequest(watched.Debian.Id.ToString()), Cancel);
            if (!scripts)
            {
                page = await OpenAsync(scripts: false);
            }

            await Expect(page.Locator("#recalls tbody tr")).ToHaveCountAsync(1);
            var cells = page.Locator("#recalls tbody td");
            await Expect(cells.Nth(0)).ToHaveTextAsync("eeeeeeeeeeee");
            await Expect(cells.Nth(1)).ToHaveTextAsync(WatchedSite.HostileTitle);
            await Expect(cells.Nth(2)).ToContainTextAsync("at ams");
            Assert.Matches("^20[0-9-]+T", await page.Locator("#recalls tbody time").GetAttributeAsync("datetime"));
            await Expect(Row(page, watched.Debian).Locator(".alias")).ToHaveTextAsync(["debian-latest"]);
            var result = scripts ? await page.RunAxe() : null;
            Assert.True(result is null or { Violations.Length: 0 }, result is null ? "" : Said(result));
        }
        finally
        {
            await watched.Site.Client.UnblockImageAsync(bytes, Cancel);
            await watched.Site.Client.RemoveAliasAsync("debian-latest", Cancel);
        }

        if (scripts)
        {
            await Expect(page.Locator("#recalls")).ToContainTextAsync("No image is recalled.");
            await Expect(Row(page, watched.Debian).Locator(".alias")).ToHaveCountAsync(0);
        }
    }

    [Fact]
    public async Task On_a_narrow_screen_the_page_does_not_scroll_sideways()
    {
        var page = await OpenAsync(width: 360);

        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 360);
        Assert.True(await Row(page, watched.Debian).EvaluateAsync<bool>("e => { const r = e.getBoundingClientRect(); return r.left >= 0 && r.right <= 360; }"));
    }

    [Fact]
    public async Task The_page_speaks_the_language_of_the_browser_or_the_one_that_was_chosen_and_changes_in_it()
    {
        var page = await watched.Browser.OpenAsync(watched.Site.Api, language: "ru-RU");
        await page.GotoAsync("/");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "ru");
        await Expect(page.Locator(".headline")).ToHaveTextAsync("Всё в порядке. 1 площадка, 2 образа, всё доступно");
        await Expect(page.Locator("#live")).ToHaveTextAsync("обновляется");
        await Expect(Row(page, watched.Debian).Locator(".title")).ToHaveTextAsync("Debian 12");

        var added = await ApiCaller.AddAsync(watched.Site, "third.iso", 6, "THIRD");
        await Expect(page.Locator(".headline")).ToContainTextAsync("3 образа");
        await Expect(Marks(page, added)).ToHaveTextAsync(["везде"]);
        await watched.Site.Client.RemoveImageAsync(added.Id.ToString(), null, Cancel);

        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "English" }).ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "en");
        await Expect(page.Locator(".headline")).ToContainTextAsync("2 images, all advertised");

        // The choice stays, also where the address does not say it.
        await page.GotoAsync("/");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "en");
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Русский" }).ClickAsync();
        await page.GetByLabel("Имя, название или id").FillAsync("debian");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Показать" }).ClickAsync();
        await Expect(page.Locator("#images .pages")).ToHaveTextAsync("1 образ, страница 1 из 1");
    }

    [Fact]
    public async Task Nothing_on_it_breaks_its_own_policy()
    {
        var page = await watched.Browser.OpenAsync(watched.Site.Api);
        var said = new List<string>();
        page.Console += (_, message) => said.Add(message.Text);
        page.PageError += (_, error) => said.Add(error);
        await page.GotoAsync("/");
        await Expect(page.Locator("#live")).ToHaveTextAsync("live");

        Assert.Empty(said);
    }

    public async ValueTask DisposeAsync() => await watched.Browser.CloseAllAsync();

    private static ILocator Row(IPage page, ImageView image) => page.Locator($"#i-{image.Id.Sha256.ToString()[..12]}");

    private static ILocator Marks(IPage page, ImageView image) => Row(page, image).Locator("td summary");

    private static string Said(AxeResult result) => string.Join('\n', result.Violations.Select(v => $"{v.Id}: {v.Help} at {string.Join(", ", v.Nodes.Select(n => n.Html))}"));

    private async Task<IPage> OpenAsync(bool scripts = true, bool dark = false, int width = 1280)
    {
        var page = await watched.Browser.OpenAsync(watched.Site.Api, scripts, dark, width);
        await page.GotoAsync("/");
        return page;
    }

    /// <summary>Gives its first half at once, and the rest when it is told to.</summary>
    private sealed class HeldStream(byte[] bytes) : MemoryStream(bytes)
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _released.TrySetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position >= Length / 2)
            {
                await _released.Task.WaitAsync(cancellationToken);
            }

            return await base.ReadAsync(buffer, cancellationToken);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            var buffer = new byte[64 << 10];
            while (await ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                await destination.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
    }
}
