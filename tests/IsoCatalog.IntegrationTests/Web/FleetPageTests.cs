using System.Globalization;
using IsoCatalog.Testing;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace IsoCatalog.IntegrationTests.Web;

/// <summary>The page of a site that is one of several.</summary>
public sealed class FleetPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_another_site_fetches_is_seen_to_grow_and_to_become_available_there()
    {
        await using var fleet = await TestFleet.StartAsync(
            new TestSiteOptions { Extra = "store: { floor: 1MiB }\nfetch: { download: 2MiB/s }" }, Cancel, "ams", "nyc");
        await using var browser = new Browser();
        var page = await browser.OpenAsync(fleet["nyc"].Api);
        await page.GotoAsync("/");
        await Expect(page.Locator("#sites ul.sites > li")).ToHaveCountAsync(2);
        await Expect(page.Locator("#site-ams .what")).ToHaveTextAsync("ams ok");

        using var content = new MemoryStream(IsoBuilder.InMemory("SLOW", 12 << 20, 7));
        var image = await fleet["ams"].Client.UploadImageAsync(content, "slow.iso", null, null, null, Cancel);
        var bar = page.Locator($"#t-{image.Root} progress");
        await Expect(bar).ToBeVisibleAsync();
        await Expect(page.Locator($"#t-{image.Root}")).ToContainTextAsync("slow.iso");
        var seen = new SortedSet<double>();
        await TestSite.EventuallyAsync(
            async () =>
            {
                if (await bar.CountAsync() > 0 && await bar.GetAttributeAsync("value", new LocatorGetAttributeOptions { Timeout = 1000 }) is { } value)
                {
                    seen.Add(double.Parse(value, CultureInfo.InvariantCulture));
                }

                return seen.Count >= 3;
            },
            Cancel);

        await Expect(page.Locator($"#i-{image.Id.Sha256.ToString()[..12]} td summary")).ToHaveTextAsync(["everywhere"]);
        await Expect(bar).ToHaveCountAsync(0);
        await Expect(page.Locator(".headline")).ToHaveTextAsync("In order. 2 sites, 1 image, all advertised");
    }
}
