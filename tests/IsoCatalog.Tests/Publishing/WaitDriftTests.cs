using System.Collections.Immutable;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;
using IsoCatalog.Tests.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Publishing;

/// <summary>What waits for longer than it should is said, with what it waits for.</summary>
public sealed class WaitDriftTests
{
    private static readonly DateTimeOffset Later = SomeSite.Now + WaitDrift.Patience;

    private static SiteView Ready => SomeSite.View.WithCell("bmc", CellState.Staged).WithCell("console", CellState.Staged);

    [Fact]
    public void An_image_that_another_site_holds_back_is_drift_after_a_while_and_says_why()
    {
        var waiting = Ready with { Others = Nyc(new Cell(CellState.Absent, SomeSite.Now, ReasonCode.NoSpace, "Full.")) };

        Assert.Empty(WaitDrift.HeldBack(waiting, usual: true, Later));
        var drift = Assert.Single(WaitDrift.HeldBack(waiting, usual: true, Later.AddSeconds(1)));
        Assert.Equal((ReasonCode.WaitingForSites, "nyc", SomeSite.Now, SomeSite.Image), (drift.Code, drift.Site, drift.Since, drift.Image));
        Assert.Contains("nyc: console is absent (no-space)", drift.Reason, StringComparison.Ordinal);
        Assert.Contains($"/images/{SomeSite.Image} with", drift.Reason, StringComparison.Ordinal);
        Assert.Empty(WaitDrift.HeldBack(waiting, usual: false, Later.AddDays(1)));
    }

    [Fact]
    public void A_site_that_answers_and_says_nothing_of_the_image_is_named_too()
    {
        var drift = Assert.Single(WaitDrift.HeldBack(Ready with { Others = Nyc(null) }, usual: true, Later.AddSeconds(1)));
        Assert.Contains("nyc: it does not have the bytes", drift.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_ready_here_is_not_held_back_by_others() =>
        Assert.Empty(WaitDrift.HeldBack(SomeSite.View with { Others = Nyc(null) }, usual: true, Later.AddDays(1)));

    [Fact]
    public void A_fetch_that_comes_no_further_is_drift_and_one_that_begins_anew_is_no_step_back()
    {
        var begun = StoreFile.Fetching.After(null, 0, ReasonCode.Fetching, "On the way.", SomeSite.Now);
        var further = StoreFile.Fetching.After(begun, 0.5, ReasonCode.Fetching, "On the way.", SomeSite.Now.AddMinutes(1));
        var anew = StoreFile.Fetching.After(further, 0, ReasonCode.WaitingForSource, "Nobody offers it.", SomeSite.Now.AddMinutes(4));
        var view = SomeSite.View.WithStore(anew) with { Others = Nyc(null) };

        Assert.Empty(WaitDrift.Fetches(view, Later.AddMinutes(1)));
        var drift = Assert.Single(WaitDrift.Fetches(view, Later.AddMinutes(1).AddSeconds(1)));
        Assert.Equal((ReasonCode.WaitingForSource, SomeSite.Now.AddMinutes(1)), (drift.Code, drift.Since));
        Assert.Contains("Nobody offers it. Sites that have it: none", drift.Reason, StringComparison.Ordinal);
        Assert.Empty(WaitDrift.Fetches(SomeSite.View.WithStore(StoreFile.Fetching.After(anew, 0.6, ReasonCode.Fetching, "", Later)), Later.AddMinutes(1).AddSeconds(1)));
    }

    /// <summary>It is drift of its own, at once.</summary>
    [Fact]
    public void A_fetch_that_fails_is_not_said_twice() =>
        Assert.Empty(WaitDrift.Fetches(SomeSite.View.WithStore(StoreFile.Fetching.After(null, 0, ReasonCode.NoSpace, "Full.", SomeSite.Now)), Later.AddDays(1)));

    [Fact]
    public void What_waits_for_its_turn_is_late_when_those_before_it_are()
    {
        var queued = SomeSite.View.WithStore(FetchPlan.Wanted(SomeSite.Now));
        var other = SomeImages.Put(2, 1);
        var moving = StoreFile.Fetching.After(null, 0.1, ReasonCode.Fetching, "", Later);
        var both = queued with { Catalog = queued.Catalog.With(other), Store = queued.Store.SetItem(SomeImages.Value(2).Root, moving) };

        Assert.Empty(WaitDrift.Fetches(both, Later.AddMinutes(4)));
        Assert.Equal(2, WaitDrift.Fetches(both, Later.AddMinutes(6)).Count());
        Assert.Single(WaitDrift.Fetches(queued, Later.AddSeconds(1)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_site_that_is_not_waited_for_any_more_is_still_said_with_why(bool usual)
    {
        var since = SomeSite.Now.AddMinutes(1);
        var nyc = Nyc(new Cell(CellState.Fetching, SomeSite.Now, ReasonCode.NoSpace))["nyc"] with
        {
            Heard = since + CellPlan.Patience,
            Incomplete = ImmutableDictionary<ImageId, Advance>.Empty.Add(SomeSite.Image, new Advance(0, since)),
        };
        var view = Ready.WithCell("bmc", CellState.Advertised).WithCell("console", CellState.Advertised) with
        {
            Offered = [SomeSite.Image],
            Others = ImmutableDictionary<string, OtherSite>.Empty.Add("nyc", nyc),
        };

        Assert.Empty(WaitDrift.HeldBack(view, usual, since + CellPlan.Patience - TimeSpan.FromSeconds(1)));
        var drift = Assert.Single(WaitDrift.HeldBack(view, usual, since + CellPlan.Patience));
        Assert.Equal((ReasonCode.WaitingForSites, "nyc", since, SomeSite.Image), (drift.Code, drift.Site, drift.Since, drift.Image));
        Assert.Contains("15 minutes, so other sites do not wait for it. nyc: console is fetching (no-space)", drift.Reason, StringComparison.Ordinal);
        Assert.Empty(WaitDrift.HeldBack(view, usual, nyc.Heard + CellPlan.Patience));
    }

    private static ImmutableDictionary<string, OtherSite> Nyc(Cell? console) => ImmutableDictionary.Create<string, OtherSite>(StringComparer.Ordinal).Add(
        "nyc",
        new OtherSite("nyc", Later)
        {
            Surfaces = [new OtherSurface("console", "volume", "console")],
            Cells = console is null ? ImmutableDictionary<CellKey, Cell>.Empty : ImmutableDictionary<CellKey, Cell>.Empty.Add(new CellKey(SomeSite.Image, "console"), console),
        });
}
