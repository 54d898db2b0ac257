using System.Collections.Immutable;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Readiness;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace IsoCatalog.Tests.Api;

/// <summary>What an operator reads of one image at all sites.</summary>
public sealed class ReadyMatrixTests
{
    private static readonly SiteView ReadyHere = SomeSite.View
        .WithCell("console", CellState.Staged, SomeSite.Receipt)
        .WithCell("bmc", CellState.Staged, SomeSite.Receipt);

    [Fact]
    public void Has_this_site_first_and_then_every_other_one()
    {
        var ready = Ready(With(ReadyHere, Nyc(CellState.Advertised), new OtherSite("msk", SomeSite.Now)));

        Assert.Equal(["ams", "msk", "nyc"], ready.Keys);
        Assert.Empty(ready["msk"]);
        Assert.Equal((CellState.Advertised, null, null), (ready["nyc"]["bmc"].State, ready["nyc"]["bmc"].Code, ready["nyc"]["bmc"].Reason));
    }

    [Fact]
    public void A_ready_cell_names_the_sites_that_it_waits_for()
    {
        var cell = Ready(With(ReadyHere, Nyc(CellState.Verifying), new OtherSite("msk", SomeSite.Now)))["ams"]["bmc"];

        Assert.Equal((CellState.Staged, ReasonCode.WaitingForSites), (cell.State, cell.Code));
        Assert.Contains("msk, nyc", cell.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ready_cell_whose_neighbour_is_not_ready_waits_for_no_site()
    {
        var view = SomeSite.View.WithCell("console", CellState.Staged).WithCell("bmc", CellState.Verifying);

        Assert.NotEqual(ReasonCode.WaitingForSites, Ready(With(view, Nyc(null)))["ams"]["console"].Code);
    }

    [Fact]
    public void A_ready_cell_of_another_site_names_this_one_when_it_is_what_is_waited_for()
    {
        var cell = Ready(With(SomeSite.View, Nyc(CellState.Staged)))["nyc"]["bmc"];

        Assert.Equal((CellState.Staged, ReasonCode.WaitingForSites), (cell.State, cell.Code));
        Assert.Contains("ams", cell.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void With_asap_nobody_waits_for_a_site() =>
        Assert.NotEqual(ReasonCode.WaitingForSites, Ready(With(ReadyHere, Nyc(null)), together: false)["ams"]["bmc"].Code);

    [Fact]
    public void A_late_site_is_shown_as_it_was_last_heard_and_says_so()
    {
        var late = Nyc(CellState.Advertised) with { Heard = SomeSite.Now.AddSeconds(-75) };
        var cell = Ready(With(SomeSite.View, late))["nyc"]["bmc"];

        Assert.Equal((CellState.Advertised, ReasonCode.SiteLate), (cell.State, cell.Code));
        Assert.Equal("nyc was last heard 75 s ago.", cell.Reason);
    }

    [Theory]
    [InlineData(ReasonCode.NoSpace)]
    [InlineData("a-code-of-a-newer-version")]
    public void Each_code_of_another_site_comes_with_words(string code)
    {
        var nyc = Nyc(null) with
        {
            Cells = ImmutableDictionary<CellKey, Cell>.Empty.Add(new CellKey(SomeSite.Image, "bmc"), new Cell(CellState.Withdrawn, SomeSite.Now, code)),
        };
        var cell = Ready(With(SomeSite.View, nyc))["nyc"]["bmc"];

        Assert.Equal((CellState.Withdrawn, code), (cell.State, cell.Code));
        Assert.NotEmpty(cell.Reason!);
    }

    [Fact]
    public void A_surface_that_is_down_there_offers_nothing()
    {
        var nyc = Nyc(CellState.Advertised) with { Surfaces = [new OtherSurface("bmc", "ipmi", "ipmi", SomeSite.Now, ReasonCode.SurfaceMissing)] };

        Assert.Equal((CellState.Withdrawn, ReasonCode.SurfaceMissing), Ready(With(SomeSite.View, nyc))["nyc"]["bmc"] is var cell ? (cell.State, cell.Code) : default);
    }

    private static IReadOnlyDictionary<string, IReadOnlyDictionary<string, CellView>> Ready(SiteView view, bool together = true) =>
        ImageViews.Of(view, view.Catalog.Images[SomeSite.Image], new ViewPoint("ams", together, new FakeTimeProvider(SomeSite.Now))).Ready;

    private static OtherSite Nyc(CellState? state) => new("nyc", SomeSite.Now)
    {
        Surfaces = [new OtherSurface("bmc", "ipmi", "ipmi")],
        Cells = state is { } s
            ? ImmutableDictionary<CellKey, Cell>.Empty.Add(new CellKey(SomeSite.Image, "bmc"), new Cell(s, SomeSite.Now))
            : ImmutableDictionary<CellKey, Cell>.Empty,
    };

    private static SiteView With(SiteView view, params OtherSite[] others) => view with { Others = others.ToImmutableDictionary(o => o.Site) };
}
