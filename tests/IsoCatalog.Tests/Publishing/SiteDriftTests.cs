using System.Collections.Immutable;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Publishing;

public sealed class SiteDriftTests
{
    private static readonly DateTimeOffset LongAgo = SomeSite.Now.AddDays(-1);

    [Theory]
    [InlineData(60, 0)]
    [InlineData(61, 1)]
    public void A_site_that_is_not_heard_for_more_than_a_minute_is_drift(int seconds, int count)
    {
        var heard = SomeSite.Now.AddSeconds(-seconds);
        var drift = SiteDrift.Of(Others(heard), [new PeerStatus("nyc", "x") { Error = "Refused." }], LongAgo, SomeSite.Now).ToList();

        Assert.Equal(count, drift.Count);
        Assert.All(drift, d => Assert.Equal((ReasonCode.SiteLate, "nyc", heard), (d.Code, d.Site, d.Since)));
        Assert.All(drift, d => Assert.Contains("Refused.", d.Reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(59, 0)]
    [InlineData(60, 1)]
    public void Just_after_a_start_nobody_is_late(int seconds, int count) =>
        Assert.Equal(count, SiteDrift.Of(Others(LongAgo), [], SomeSite.Now.AddSeconds(-seconds), SomeSite.Now).Count());

    /// <summary>It is heard of through a third, so it is not late.</summary>
    [Theory]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    public void A_site_that_cannot_be_reached_is_drift_though_others_hand_on_what_it_says(int minutes, int count)
    {
        var since = SomeSite.Now.AddMinutes(-minutes);
        var drift = SiteDrift.Of(Others(SomeSite.Now), [new PeerStatus("nyc", "x") { Error = "Refused.", ErrorSince = since }], LongAgo, SomeSite.Now).ToList();

        Assert.Equal(count, drift.Count);
        Assert.All(drift, d => Assert.Equal((ReasonCode.PeerUnreachable, "nyc", since), (d.Code, d.Site, d.Since)));
        Assert.All(drift, d => Assert.Contains("Refused.", d.Reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    public void A_site_that_answers_and_does_not_call_is_drift(int minutes, int count)
    {
        var called = SomeSite.Now.AddMinutes(-minutes);
        var drift = SiteDrift.Of(Others(SomeSite.Now), [new PeerStatus("nyc", "x") { ReachableSince = LongAgo, LastCall = called }], LongAgo, SomeSite.Now).ToList();

        Assert.Equal(count, drift.Count);
        Assert.All(drift, d => Assert.Equal((ReasonCode.PeerCannotCall, "nyc", called), (d.Code, d.Site, d.Since)));
        Assert.Empty(SiteDrift.Of(Others(SomeSite.Now), [new PeerStatus("nyc", "x") { ReachableSince = SomeSite.Now.AddMinutes(-1), LastCall = called }], LongAgo, SomeSite.Now));
    }

    [Fact]
    public void What_was_refused_lately_is_drift_by_its_rule_until_it_stops()
    {
        var peer = new PeerStatus("nyc", "x")
            .WithRefusal("M3", "M3: an old one", SomeSite.Now)
            .WithRefusal("M3", "M3: a newer one", SomeSite.Now.AddMinutes(10))
            .WithRefusal("garbage", "no JSON", SomeSite.Now.AddMinutes(12));

        var drift = SiteDrift.Of(SomeSite.View, [peer], LongAgo, SomeSite.Now.AddMinutes(29)).ToList();
        Assert.Equal([SomeSite.Now, SomeSite.Now.AddMinutes(12)], drift.Select(d => d.Since));
        Assert.All(drift, d => Assert.Equal((SiteDrift.DocumentsRefused, "nyc"), (d.Code, d.Site)));
        Assert.Contains("a newer one", drift[0].Reason, StringComparison.Ordinal);

        Assert.Single(SiteDrift.Of(SomeSite.View, [peer], LongAgo, SomeSite.Now.AddMinutes(31)));
        Assert.Empty(SiteDrift.Of(SomeSite.View, [peer], LongAgo, SomeSite.Now.AddMinutes(33)));
        Assert.Equal(2, peer.Refusals["M3"].Count);
    }

    [Fact]
    public void Of_what_a_site_only_handed_on_the_one_that_signed_it_is_named_once()
    {
        var nyc = new PeerStatus("nyc", "x").WithRelayed("msk", "C-06", "C-06: an entry of another site", SomeSite.Now);
        var sgp = new PeerStatus("sgp", "y").WithRelayed("msk", "C-06", "C-06: an entry of another site", SomeSite.Now.AddMinutes(1));

        var drift = Assert.Single(SiteDrift.Of(SomeSite.View, [sgp, nyc], LongAgo, SomeSite.Now.AddMinutes(2)));
        Assert.Equal((SiteDrift.DocumentsRefused, "msk", SomeSite.Now), (drift.Code, drift.Site, drift.Since));
        Assert.StartsWith("msk signed", drift.Reason, StringComparison.Ordinal);
        Assert.Empty(nyc.Refusals);
    }

    private static SiteView Others(DateTimeOffset heard) => SomeSite.View with
    {
        Others = ImmutableDictionary<string, OtherSite>.Empty.Add("nyc", new OtherSite("nyc", heard)),
    };
}
