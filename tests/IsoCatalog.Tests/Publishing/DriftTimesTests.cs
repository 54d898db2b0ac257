using System.Reflection;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;
using IsoCatalog.Tests.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Publishing;

/// <summary>Since when: of every kind of drift that there is, at every place that it may be about.</summary>
public sealed class DriftTimesTests
{
    private static readonly string[] OfNoClass = [DriftReport.DatabaseLost, SiteDrift.DocumentsRefused, RefusalCode.ClockImplausible, "inbox-refused", "store-orphan"];

    private static readonly DateTimeOffset Now = SomeSite.Now;

    public static TheoryData<string> Codes => [.. Constants(typeof(ReasonCode)).Concat(Constants(typeof(SiteAlarms))).Concat(OfNoClass)];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Since_does_not_move_while_it_lasts_and_begins_anew_after_it_ended(string code)
    {
        foreach (var place in Places(code))
        {
            var times = new DriftTimes();
            Assert.Equal(Now, Since(times, place, Now, Now));

            // Found by a look that knows only the present; failed anew; tried again, and so away for a moment.
            Assert.Equal(Now, Since(times, place, Now.AddMinutes(1), Now.AddMinutes(1)));
            Assert.Equal(Now, Since(times, place, Now.AddMinutes(1), Now.AddMinutes(2)));
            Assert.Empty(times.Settle([], Now.AddMinutes(3)));
            Assert.Equal(Now, Since(times, place, Now.AddMinutes(4), Now.AddMinutes(4)));

            // Nobody asked for long, and it was looked at all the same.
            var ended = Now.AddMinutes(4) + DriftTimes.Grace;
            Assert.Empty(times.Settle([], ended));
            Assert.Equal(ended.AddSeconds(1), Since(times, place, ended.AddSeconds(1), ended.AddSeconds(1)));
        }
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Each_has_a_beginning_of_its_own(string code)
    {
        var times = new DriftTimes();
        var places = Places(code).ToList();
        for (var i = 0; i < places.Count; i++)
        {
            var now = Now.AddMinutes(i);
            Assert.Equal(
                Enumerable.Range(0, i + 1).Select(n => Now.AddMinutes(n)),
                times.Settle(places.Take(i + 1).Select(p => p with { Drift = p.Drift with { Since = now } }), now).Select(d => d.Since));
        }
    }

    [Fact]
    public void Who_finds_it_may_know_that_it_began_before_and_nothing_begins_in_the_future()
    {
        var place = Places("foreign-file").First();
        Assert.Equal(Now.AddDays(-1), Since(new DriftTimes(), place, Now.AddDays(-1), Now));
        Assert.Equal(Now, Since(new DriftTimes(), place, Now.AddDays(1), Now));
    }

    private static DateTimeOffset Since(DriftTimes times, Found found, DateTimeOffset said, DateTimeOffset now) =>
        Assert.Single(times.Settle([found with { Drift = found.Drift with { Since = said, Reason = $"Words of {now}." } }], now)).Since;

    private static IEnumerable<Found> Places(string code) =>
        from surface in new[] { null, "bmc", "console" }
        from image in new ImageId?[] { null, SomeImages.Id(1), SomeImages.Id(2) }
        from site in new[] { null, "nyc" }
        from subject in new[] { null, "/srv/a1.iso", "/srv/a2.iso" }
        select new Found(new DriftView(code, "", surface, image, Now, site), subject);

    private static IEnumerable<string> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);
}
