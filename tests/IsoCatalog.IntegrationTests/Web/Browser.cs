using IsoCatalog.Testing;
using Microsoft.Playwright;

namespace IsoCatalog.IntegrationTests.Web;

/// <summary>Debian's Chromium, without a window, driven by Playwright; started by the first test of a class that asks for a page.</summary>
public sealed class Browser : IAsyncDisposable
{
    /// <summary>Longer than a loaded machine takes for anything that the page does by itself within a second or two.</summary>
    private const float Patience = 30_000;

    private readonly List<IBrowserContext> _contexts = [];
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>A new page with nothing remembered. Chromium missing: the test is skipped, or fails in CI.</summary>
    /// <param name="site">What relative addresses mean.</param>
    /// <param name="scripts">Whether it runs any.</param>
    /// <param name="dark">Which colours its reader prefers.</param>
    /// <param name="width">Of the window.</param>
    /// <param name="language">Which its reader prefers.</param>
    public async Task<IPage> OpenAsync(Uri site, bool scripts = true, bool dark = false, int width = 1280, string language = "en-GB")
    {
        ArgumentNullException.ThrowIfNull(site);
        var chromium = Counterpart.Require("chromium");
        _playwright ??= await Playwright.CreateAsync();
        _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = chromium,
            Timeout = Patience * 2,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--disable-dev-shm-usage",
            ],
        });
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = site.ToString(),
            JavaScriptEnabled = scripts,
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ReducedMotion = ReducedMotion.Reduce,
            Locale = language,
        });
        _contexts.Add(context);
        context.SetDefaultTimeout(Patience);
        var page = await context.NewPageAsync();
        Assertions.SetDefaultExpectTimeout(Patience);
        return page;
    }

    /// <summary>Ends the pages, so that none goes on listening while the next test counts.</summary>
    public async Task CloseAllAsync()
    {
        foreach (var context in _contexts)
        {
            await context.CloseAsync();
        }

        _contexts.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.CloseAsync();
        }

        _playwright?.Dispose();
    }
}
