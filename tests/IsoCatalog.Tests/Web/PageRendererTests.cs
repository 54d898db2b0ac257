using System.Xml.Linq;
using IsoCatalog.Appliance.Web;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.Tests.Web;

/// <summary>The HTML of the page.</summary>
public sealed class PageRendererTests
{
    private const string Hostile = "</td></table><script>alert(1)</script><img src=x onerror=alert(2)>\u202Egpj.\u0000\r\n\"'&amp;";

    private readonly PageRenderer _renderer = new(new ServiceCollection().BuildServiceProvider(), NullLoggerFactory.Instance);

    [Fact]
    public async Task A_thousand_images_are_a_hundred_rows_a_page_and_a_tenth_of_a_megabyte_at_24_sites()
    {
        var page = SomePage.Of(24, 1000);
        var html = await _renderer.RenderAsync<LiveDocument>(page);

        Assert.Equal(10, page.Pages);
        Assert.Equal(PageQuery.Rows, Count(html, "<tr id=\"i-"));
        Assert.Contains("page 1 of 10", html, StringComparison.Ordinal);
        Assert.Contains("href=\"/?page=2\"", html, StringComparison.Ordinal);
        Assert.InRange(html.Length, 10_000, 110_000);
    }

    [Fact]
    public async Task Text_from_elsewhere_stays_text_wherever_it_is_shown()
    {
        var sites = SomePage.Of(1, 0).Status.Sites.Select(s => s with
        {
            Link = new SiteLink("x", null, null, Hostile, "refused", null, null, null),
        });
        var image = SomePage.Image(0, Hostile, 1, new CellView(CellState.Fetching, Hostile, "fetching", SomePage.Now, 0.5)) with { Name = Hostile, Aliases = [Hostile] };
        var page = SomePage.Of(1, 1) with { Images = [image], SignedInAs = Hostile, Query = new PageQuery(Hostile) };
        var html = await _renderer.RenderAsync<LiveDocument>(page with
        {
            Status = page.Status with
            {
                Site = Hostile,
                Sites = [.. sites],
                Drift = [new DriftView("foreign-file", Hostile, "bmc", image.Id, SomePage.Now)],
                Jobs =
                [
                    new JobView("1", "add", Hostile, "running", Hostile, 1, 2, SomePage.Now, null, null, null),
                    new JobView("2", "alias", Hostile, "running", Hostile, 1, 2, SomePage.Now, null, null, null),
                ],
                Transfers = [new TransferView(image.Id, Hostile, image.Root, "fetching", 2, 1, 1, 1, 1, 1, null, null, Hostile, [new TransferPeer(Hostile, 1, 1, 1, 1, 1)])],
                Uploads = [new UploadView(Hostile, image.Id, Hostile, 1, 1, 0.5)],
            },
            Leases = [new LeaseView("l", image.Id, Hostile, Hostile, SomePage.Now, SomePage.Now, new SurfaceMount())],
            Retired = [new RetiredView(image.Id, Hostile, 1, SomePage.Now, SomePage.Now)],
            Recalls = [new BlockView(image.Id, Hostile, Hostile, Hostile, Hostile, SomePage.Now, 1)],
        });

        Assert.Equal(1, Count(html, "<script"));
        Assert.Equal(0, Count(html, "<img"));
        Assert.DoesNotContain("\"'&amp;amp;", html, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', html);
        Assert.DoesNotContain('\0', html);
        Assert.True(Count(html, "&lt;script&gt;") >= 15, $"{Count(html, "&lt;script&gt;")} places");
    }

    [Fact]
    public async Task Nothing_is_inline_and_nothing_comes_from_elsewhere()
    {
        var html = await _renderer.RenderAsync<LiveDocument>(SomePage.Of(3, 3));

        Assert.DoesNotContain(" style=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<style", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" onclick", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http:", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("https:", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("<script src=\"/assets/live.js?v=", html, StringComparison.Ordinal);
        Assert.Contains("\" defer></script>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cell_that_is_not_ready_says_why_in_words_that_can_be_opened()
    {
        var cell = new CellView(CellState.Withdrawn, "The published file is gone.", ReasonCode.FileMissing, SomePage.Now, null);
        var html = await _renderer.RenderAsync<MatrixSection>(SomePage.Of(1, 1) with { Images = [SomePage.Image(0, "Debian 12", 1, cell)] });

        Assert.Contains("<span class=\"word\">withdrawn</span></summary>", html, StringComparison.Ordinal);
        Assert.Contains("The published file is gone.</bdi> <code>file-missing</code>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_is_one_element_and_its_event_has_no_line_that_is_not_data()
    {
        var html = await _renderer.RenderAsync<MatrixSection>(SomePage.Of(2, 2, Hostile));
        var lines = LiveStream.Event(html).Split('\n');

        Assert.Equal("event: part", lines[0]);
        Assert.Equal(["", ""], lines[^2..]);
        Assert.All(lines[1..^2], l => Assert.StartsWith("data: ", l, StringComparison.Ordinal));
        Assert.Equal("images", XElement.Parse(html).Attribute("id")!.Value);
    }

    [Fact]
    public async Task Of_the_matrix_only_the_rows_that_changed_are_sent_and_all_of_it_where_rows_come_or_go()
    {
        var page = SomePage.Of(20, 60);
        var changed = page with { Images = [.. page.Images.Select((v, i) => i is 7 or 59 ? v with { Title = "another" } : v)] };
        var (before, after) = (await _renderer.RenderAsync<MatrixSection>(page), await _renderer.RenderAsync<MatrixSection>(changed));

        Assert.Empty(LiveStream.Changes(before, before));
        var rows = LiveStream.Changes(before, after).ToList();
        Assert.Equal(2, rows.Count);
        Assert.All(rows, r => Assert.Equal("tr", XElement.Parse(r).Name.LocalName));
        Assert.Equal([after], LiveStream.Changes(null, after));
        var fewer = await _renderer.RenderAsync<MatrixSection>(page with { Images = [.. page.Images.Skip(1)] });
        Assert.Equal([fewer], LiveStream.Changes(before, fewer));
        var turned = await _renderer.RenderAsync<MatrixSection>(page with { Images = [.. page.Images.Reverse()] });
        Assert.Equal([turned], LiveStream.Changes(before, turned));
        var filtered = await _renderer.RenderAsync<MatrixSection>(page with { Matching = 61 });
        Assert.Equal([filtered], LiveStream.Changes(before, filtered));
    }

    [Theory]
    [InlineData("en")]
    [InlineData("ru")]
    public async Task Sixty_images_that_are_on_their_way_to_twenty_sites_are_less_than_half_a_megabyte(string language)
    {
        var page = SomePage.Of(20, 60) with { Words = Words.All.Single(w => w.Tag == language) };
        page = page with { Images = [.. page.Images.Select((_, i) => SomePage.Image(i, "Debian 12", 20, s => s % 2 == 0 ? SomePage.Available : new CellView(CellState.Fetching, "Its bytes are on the way.", ReasonCode.Fetching, SomePage.Now, s / 20.0)))] };
        var html = await _renderer.RenderAsync<LiveDocument>(page);

        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(html), 50_000, 500_000);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
