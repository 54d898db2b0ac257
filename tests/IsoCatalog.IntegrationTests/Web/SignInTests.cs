using System.Net;
using System.Security.Cryptography;
using System.Text;
using Deque.AxeCore.Playwright;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace IsoCatalog.IntegrationTests.Web;

/// <summary>Who may see the page of a site that asks for tokens.</summary>
public sealed class SignInTests(SignInTests.Guarded guarded) : IClassFixture<SignInTests.Guarded>, IAsyncDisposable
{
    private const string Operator = "operator-token-0123456789";
    private const string Panel = "panel-token-0123456789";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_opens_the_page_until_its_reader_signs_out()
    {
        var page = await guarded.Browser.OpenAsync(guarded.Site.Api);
        await page.GotoAsync("/");
        Assert.EndsWith("/sign-in", page.Url, StringComparison.Ordinal);

        await SignInAsync(page, "not-a-token-of-this-site");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This token is not known here.");
        Assert.Empty(await page.Context.CookiesAsync());

        await SignInAsync(page, Operator);
        await Expect(page.Locator("h1")).ToHaveTextAsync("ams");
        await Expect(page.Locator(".who")).ToContainTextAsync("operator");
        await Expect(page.Locator("#live")).ToHaveTextAsync("live");
        var cookie = Assert.Single(await page.Context.CookiesAsync());
        Assert.Equal(("isocatalog-ams", true, SameSiteAttribute.Strict), (cookie.Name, cookie.HttpOnly, cookie.SameSite));
        Assert.DoesNotContain(Operator, cookie.Value, StringComparison.Ordinal);

        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign out" }).ClickAsync();
        await Expect(page.GetByLabel("Token with the role operator")).ToBeVisibleAsync();
        using var thief = new ApiCaller(guarded.Site.Api);
        Assert.Equal(HttpStatusCode.SeeOther, (await thief.GetAsync("/", ("Cookie", $"{cookie.Name}={cookie.Value}"))).Status);
    }

    [Fact]
    public async Task A_panel_is_told_that_the_page_is_not_for_it()
    {
        var page = await guarded.Browser.OpenAsync(guarded.Site.Api, dark: true);
        await page.GotoAsync("/sign-in");
        await SignInAsync(page, Panel);

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("has the role panel");
        Assert.Empty(await page.Context.CookiesAsync());
        Assert.Empty((await page.RunAxe()).Violations);
        using var panel = new ApiCaller(guarded.Site.Api, Panel);
        var answer = await panel.GetAsync("/");
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.StartsWith("text/html", answer["Content-Type"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_opens_pages_and_no_part_of_the_API()
    {
        using var browser = new ApiCaller(guarded.Site.Api);
        var cookie = Cookie(await PostAsync(browser, Operator));

        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/", ("Cookie", cookie))).Status);
        (await browser.GetAsync("/api/v1/status", ("Cookie", cookie))).Refused(401, "unauthorized");
        (await browser.SendAsync(HttpMethod.Delete, "/api/v1/images/x", null, ("Cookie", cookie))).Refused(401, "unauthorized");
    }

    [Fact]
    public async Task Pages_of_other_sites_can_neither_sign_a_browser_in_nor_out_nor_use_its_session()
    {
        using var browser = new ApiCaller(guarded.Site.Api);
        var foreign = await PostAsync(browser, Operator, ("Origin", "https://evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, foreign.Status);
        Assert.Null(foreign["Set-Cookie"]);

        var cookie = Cookie(await PostAsync(browser, Operator, ("Origin", guarded.Site.Api.GetLeftPart(UriPartial.Authority))));
        Assert.Equal(HttpStatusCode.Forbidden, (await browser.GetAsync("/live", ("Cookie", cookie), ("Origin", "https://evil.example"))).Status);
        await browser.SendAsync(HttpMethod.Post, "/sign-out", null, ("Cookie", cookie), ("Origin", "https://evil.example"));
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync("/", ("Cookie", cookie))).Status);
    }

    [Fact]
    public async Task Behind_TLS_the_cookie_is_for_TLS_alone()
    {
        using var browser = new ApiCaller(guarded.Site.Api);
        var answer = await PostAsync(browser, Operator, ("Origin", "https://" + guarded.Site.Api.Authority));

        Assert.Contains("secure", answer["Set-Cookie"], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Every_page_forbids_what_it_does_not_need()
    {
        using var nobody = new ApiCaller(guarded.Site.Api);
        var answer = await nobody.GetAsync("/sign-in");

        Assert.Contains("default-src 'none'", answer["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", answer["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal(("nosniff", "DENY", "no-store"), (answer["X-Content-Type-Options"], answer["X-Frame-Options"], answer["Cache-Control"]));
    }

    [Theory]
    [InlineData("application/json", "{}")]
    [InlineData("multipart/form-data; boundary=x", "--x--")]
    [InlineData("application/x-www-form-urlencoded", "")]
    public async Task What_is_no_sign_in_form_is_refused(string type, string body)
    {
        using var nobody = new ApiCaller(guarded.Site.Api);
        var content = new StringContent(body);
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(type);

        Assert.Equal(HttpStatusCode.BadRequest, (await nobody.SendAsync(HttpMethod.Post, "/sign-in", content)).Status);
    }

    [Fact]
    public async Task Guessing_at_the_form_is_slowed_down_like_guessing_anywhere()
    {
        await using var site = await StartAsync();
        using var guesser = new ApiCaller(site.Api);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(guesser, $"a-guess-0123456789-{i}")).Status);
        }

        var slowed = await PostAsync(guesser, "a-guess-too-many-0123456789");
        Assert.Equal(HttpStatusCode.TooManyRequests, slowed.Status);
        Assert.NotNull(slowed["Retry-After"]);
        Assert.Equal(HttpStatusCode.SeeOther, (await PostAsync(guesser, Operator)).Status);
    }

    [Fact]
    public async Task Open_on_loopback_it_answers_to_its_own_address_alone()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        using var rebound = new ApiCaller(site.Api);

        Assert.Equal(HttpStatusCode.OK, (await rebound.GetAsync("/")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await rebound.GetAsync("/", ("Host", "evil.example"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await rebound.GetAsync("/live", ("Origin", "http://evil.example"))).Status);
    }

    public async ValueTask DisposeAsync() => await guarded.Browser.CloseAllAsync();

    private static Task<TestSite> StartAsync() => TestSite.StartAsync(Cancel, new TestSiteOptions
    {
        OpenOnLoopback = false,
        Extra = $$"""
            store: { floor: 1MiB }
            tokens:
              - { name: panel, role: panel, sha256: "{{Hash(Panel)}}" }
              - { name: operator, role: operator, sha256: "{{Hash(Operator)}}" }
            """,
    });

    private static async Task SignInAsync(IPage page, string token)
    {
        await page.GetByLabel("Token with the role operator").FillAsync(token);
        await page.Keyboard.PressAsync("Enter");
    }

    private static Task<ApiAnswer> PostAsync(ApiCaller caller, string token, params (string, string)[] headers) => caller.SendAsync(
        HttpMethod.Post, "/sign-in", new FormUrlEncodedContent(new Dictionary<string, string> { ["token"] = token }), headers);

    private static string Cookie(ApiAnswer answer)
    {
        Assert.Equal(HttpStatusCode.SeeOther, answer.Status);
        return answer["Set-Cookie"]!.Split(';')[0];
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>A site that asks for tokens, and a browser.</summary>
    public sealed class Guarded : IAsyncLifetime
    {
        public TestSite Site { get; private set; } = null!;

        public Browser Browser { get; } = new();

        public async ValueTask InitializeAsync() => Site = await StartAsync();

        public async ValueTask DisposeAsync()
        {
            await Browser.DisposeAsync();
            if (Site is not null)
            {
                await Site.DisposeAsync();
            }
        }
    }
}
