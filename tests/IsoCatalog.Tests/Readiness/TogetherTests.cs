using System.Collections.Immutable;
using IsoCatalog.Core.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

/// <summary>An image that is offered together appears at no site before every site has it ready.</summary>
public sealed class TogetherTests
{
    private static readonly SiteView ReadyHere = SomeSite.View
        .WithCell("console", CellState.Staged, SomeSite.Receipt)
        .WithCell("bmc", CellState.Staged, SomeSite.Receipt);

    [Theory]
    [InlineData(null, false)]
    [InlineData(CellState.Fetching, false)]
    [InlineData(CellState.Verifying, false)]
    [InlineData(CellState.Withdrawn, false)]
    [InlineData(CellState.Staged, true)]
    [InlineData(CellState.Advertised, true)]
    public void Waits_until_the_other_site_is_ready(CellState? there, bool shown)
    {
        var view = With(ReadyHere, Other("nyc", there));

        Assert.Equal(shown, CellPlan.MayShow(view, SomeSite.Image, together: true, SomeSite.Now));
        Assert.Equal(shown ? [] : ["nyc"], CellPlan.WaitsFor(view, SomeSite.Image, SomeSite.Now));
        Assert.True(CellPlan.MayShow(view, SomeSite.Image, together: false, SomeSite.Now), "asap waits for nobody");
    }

    [Fact]
    public void A_ready_site_elsewhere_does_not_show_what_is_not_ready_here() =>
        Assert.False(CellPlan.MayShow(With(SomeSite.View, Other("nyc", CellState.Advertised)), SomeSite.Image, together: true, SomeSite.Now));

    [Fact]
    public void One_of_several_is_enough_to_wait_for()
    {
        var view = With(ReadyHere, Other("nyc", CellState.Advertised), Other("msk", CellState.Verifying));

        Assert.False(CellPlan.MayShow(view, SomeSite.Image, together: true, SomeSite.Now));
        Assert.Equal(["msk"], CellPlan.WaitsFor(view, SomeSite.Image, SomeSite.Now));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(14.9, false)]
    [InlineData(15, true)]
    public void A_site_out_of_reach_for_a_quarter_of_an_hour_is_not_waited_for(double minutes, bool shown)
    {
        var silent = new OtherSite("nyc", SomeSite.Now.AddMinutes(-minutes));

        Assert.Equal(shown, CellPlan.MayShow(With(ReadyHere, silent), SomeSite.Image, together: true, SomeSite.Now));
    }

    [Fact]
    public void What_one_site_has_begun_to_show_is_not_held_back_anywhere()
    {
        var showing = Other("nyc", CellState.Withdrawn) with { Offered = [SomeSite.Image] };
        var view = With(ReadyHere, showing, Other("msk", null));

        Assert.True(CellPlan.MayShow(view, SomeSite.Image, together: true, SomeSite.Now));
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(15, true)]
    public void A_surface_there_that_is_broken_for_long_is_not_waited_for(double minutes, bool shown)
    {
        var broken = Other("nyc", null) with { Surfaces = [new OtherSurface("bmc", "ipmi", "ipmi", SomeSite.Now.AddMinutes(-minutes))] };

        Assert.Equal(shown, CellPlan.MayShow(With(ReadyHere, broken), SomeSite.Image, together: true, SomeSite.Now));
    }

    [Fact]
    public void What_waits_is_looked_at_again_when_the_next_surface_or_site_stops_being_waited_for()
    {
        var broken = Other("nyc", null) with { Surfaces = [new OtherSurface("bmc", "ipmi", "ipmi", SomeSite.Now.AddMinutes(-10))] };
        var endless = Other("msk", null) with { Surfaces = [new OtherSurface("bmc", "ipmi", "ipmi", DateTimeOffset.MaxValue)] };
        var view = With(ReadyHere, broken, endless).WithProblem(1, SomeSite.Now.AddMinutes(-8));

        Assert.Equal(SomeSite.Now.AddMinutes(5), CellPlan.PatienceEnds(view, SomeSite.Now));
        Assert.Equal(SomeSite.Now.AddMinutes(7), CellPlan.PatienceEnds(view, SomeSite.Now.AddMinutes(5)));
        Assert.Equal(SomeSite.Now.AddMinutes(15), CellPlan.PatienceEnds(view, SomeSite.Now.AddMinutes(7)));
        Assert.Null(CellPlan.PatienceEnds(view, SomeSite.Now.AddMinutes(15)));
    }

    [Fact]
    public void Holdings_answer_for_a_minute()
    {
        var other = Other("nyc", CellState.Advertised);

        Assert.True(other.IsFresh(SomeSite.Now.AddSeconds(59)));
        Assert.False(other.IsFresh(SomeSite.Now.AddSeconds(60)));
        Assert.False(new OtherSite("nyc", SomeSite.Now).IsFresh(SomeSite.Now), "nothing was heard yet");
    }

    private static OtherSite Other(string site, CellState? state) => new(site, SomeSite.Now)
    {
        Surfaces = [new OtherSurface("bmc", "ipmi", "ipmi")],
        Cells = state is { } s
            ? ImmutableDictionary<CellKey, Cell>.Empty.Add(new CellKey(SomeSite.Image, "bmc"), new Cell(s, SomeSite.Now))
            : ImmutableDictionary<CellKey, Cell>.Empty,
    };

    private static SiteView With(SiteView view, params OtherSite[] others) => view with { Others = others.ToImmutableDictionary(o => o.Site) };
}
