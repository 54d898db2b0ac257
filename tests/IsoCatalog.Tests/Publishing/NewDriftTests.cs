using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Publishing;

/// <summary>More entries of one site within a day than is usual are said, with the site and how many.</summary>
public sealed class NewDriftTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 6, 0, 0, TimeSpan.Zero);

    [Fact]
    public void One_site_that_puts_in_more_than_usual_is_named_and_others_are_not()
    {
        var catalog = Of(11, "nyc", TimeSpan.FromHours(1)).With(Enumerable.Range(100, 10).Select(i => SomeImages.Put(i, Ms(TimeSpan.FromHours(2)), "ams")));

        var drift = Assert.Single(NewDrift.Of(catalog, 10, Now));
        Assert.Equal((ReasonCode.ManyNew, "nyc", Now.AddHours(-1)), (drift.Code, drift.Site, drift.Since));
        Assert.Contains("nyc has put 11 entries", drift.Reason, StringComparison.Ordinal);
        Assert.Contains("alarms.newPerDay", drift.Reason, StringComparison.Ordinal);
        Assert.Empty(NewDrift.Of(catalog, 11, Now));
        Assert.Empty(NewDrift.Of(catalog, 0, Now));
    }

    [Fact]
    public void A_day_later_it_is_over_and_since_is_when_it_became_too_much()
    {
        var catalog = CatalogView.Empty.With(Enumerable.Range(0, 20).Select(i => SomeImages.Put(i, Ms(TimeSpan.FromMinutes(100 - i)))));

        Assert.Equal(Now.AddMinutes(-90), Assert.Single(NewDrift.Of(catalog, 10, Now)).Since);
        Assert.Equal(Now.AddMinutes(-90), Assert.Single(NewDrift.Of(catalog, 10, Now.AddMinutes(-89))).Since);
        Assert.Empty(NewDrift.Of(catalog, 10, Now.AddDays(1)));
    }

    [Fact]
    public void Descriptions_and_aliases_count_and_removals_and_recalls_do_not()
    {
        var ms = Ms(TimeSpan.Zero);
        var catalog = CatalogView.Empty.With(
        [
            SomeImages.Put(1, ms), SomeImages.Describe(1, ms, "One"), new AliasEntry("newest", SomeImages.Id(1), new Stamp(ms, 0, "ams"), "tests", null, false),
            SomeImages.Delete(2, ms), new BlockEntry(SomeImages.Id(3), new Stamp(ms, 0, "ams"), "tests", "CVE", false),
        ]);

        Assert.Equal(3, Assert.Single(NewEntries.OfTheDay(catalog, Now)).Value.Count);
    }

    private static CatalogView Of(int images, string site, TimeSpan ago) => CatalogView.Empty.With(Enumerable.Range(0, images).Select(i => SomeImages.Put(i, Ms(ago), site)));

    private static long Ms(TimeSpan ago) => (Now - ago).ToUnixTimeMilliseconds();
}
