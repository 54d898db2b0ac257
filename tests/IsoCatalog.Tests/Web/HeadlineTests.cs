using IsoCatalog.Appliance.Web;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Web;

/// <summary>The line at the top.</summary>
public sealed class HeadlineTests
{
    private static readonly LivePage InOrder = SomePage.Of(3, 12);

    [Fact]
    public void Says_that_all_is_in_order_only_when_it_is() =>
        Assert.Equal((Tone.Good, "3 sites, 12 images, all advertised"), Line(InOrder));

    [Fact]
    public void Says_what_is_not_available_everywhere_yet() =>
        Assert.Equal((Tone.Busy, "3 sites, 12 images: 2 not advertised everywhere"), Line(InOrder with { ReadyEverywhere = 10 }));

    [Fact]
    public void Drift_and_silent_sites_ask_for_attention()
    {
        var drift = InOrder.Status with { Drift = [new DriftView("file-missing", "gone", "bmc", null, SomePage.Now), new DriftView("x", "y", null, null, SomePage.Now)] };
        var late = drift with { Sites = [.. drift.Sites.Select(s => s.Self ? s : s with { State = "late" })] };

        Assert.Equal((Tone.Bad, "3 sites, 12 images: 2 drifting"), Line(InOrder with { Status = drift }));
        Assert.Equal((Tone.Bad, "3 sites, 12 images: site-1, site-2 not heard, 2 drifting"), Line(InOrder with { Status = late }));
    }

    [Fact]
    public void What_waits_is_on_the_way_and_no_drift()
    {
        var waits = InOrder with { ReadyEverywhere = 10, Status = InOrder.Status with { Drift = [Wait("site-1"), Wait("site-2")] } };

        Assert.Equal((Tone.Busy, "3 sites, 12 images: 2 not advertised everywhere"), Line(waits));
        Assert.Equal((2, 0), (waits.Waits.Count, waits.Drift.Count));
        Assert.Equal(Tone.Bad, Line(waits with { Stuck = new HashSet<(ImageId, string)> { (SomeImages.Id(1), "site-2") } }).Tone);

        static DriftView Wait(string site) => new(ReasonCode.WaitingForSites, "not yet there", null, SomeImages.Id(1), SomePage.Now.AddHours(-1), site);
    }

    [Fact]
    public void A_site_that_is_not_heard_right_after_a_start_is_only_awaited()
    {
        var silent = InOrder.Status with { Sites = [.. InOrder.Status.Sites.Select(s => s.Self ? s : s with { State = "unknown", Surfaces = [] })] };

        Assert.Equal(Tone.Bad, Line(InOrder with { Status = silent }).Tone);
        Assert.Equal(Tone.Good, Line(InOrder with { Status = silent with { Started = SomePage.Now.AddSeconds(-20) } }).Tone);
    }

    [Fact]
    public void An_empty_catalog_is_neither_good_nor_bad() => Assert.Equal((Tone.Quiet, "1 site, no image yet"), Line(SomePage.Of(1, 0)));

    [Fact]
    public void How_far_a_site_is_behind_is_said_in_words()
    {
        Assert.Equal("", Headline.Behind(SomePage.Site(1), Words.English));
        Assert.Equal("1 image, 2 documents", Headline.Behind(SomePage.Site(1) with { Missing = 1, Behind = 2 }, Words.English));
        Assert.Null(Headline.Behind(SomePage.Site(1) with { Missing = null }, Words.English));
    }

    private static (Tone Tone, string Text) Line(LivePage page) => (Headline.Of(page).Look.Tone, Headline.Of(page).Text);
}
