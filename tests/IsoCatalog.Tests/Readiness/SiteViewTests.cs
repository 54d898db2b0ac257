using IsoCatalog.Core.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

public sealed class SiteViewTests
{
    private static readonly SiteView Listed = SomeSite.View
        .WithCell("bmc", CellState.Advertised, SomeSite.Receipt).WithCell("console", CellState.Advertised, SomeSite.Receipt);

    [Fact]
    public void Available_is_only_what_is_wanted_advertised_and_in_no_doubt()
    {
        Assert.True(Available(Listed, "bmc") && Available(Listed, "console"));
        Assert.All([Listed.Hidden(), Listed.Deleted()], v => Assert.False(Available(v, "bmc") || Available(v, "console")));
        Assert.All(
            Enum.GetValues<CellState>().Where(s => s != CellState.Advertised),
            s => Assert.False(Available(Listed.WithCell("console", s, SomeSite.Receipt), "console")));
        Assert.False(Available(Listed.WithProblem(1, SomeSite.Now), "console"));
        Assert.True(Available(Listed.WithProblem(1, SomeSite.Now), "bmc"));
    }

    [Fact]
    public void Doubt_about_the_stores_inode_takes_it_from_those_who_serve_that_inode_only()
    {
        StoreFile?[] bad =
        [
            null, new StoreFile.Doubted(SomeSite.Receipt, "touched", SomeSite.Now), new StoreFile.Lost("store-missing", "gone", SomeSite.Now),
            new StoreFile.Retired(SomeSite.Receipt, SomeSite.Now),
        ];

        Assert.All(bad, file =>
        {
            Assert.False(Available(Listed.WithStore(file), "bmc"));
            Assert.True(Available(Listed.WithStore(file), "console"));
        });
    }

    [Fact]
    public void Withdrawing_where_shared_leaves_copies_alone_and_keeps_the_receipt()
    {
        var view = Listed.WithdrawnWhereShared(SomeSite.Image, ReasonCode.StoreDamaged, "touched", SomeSite.Now.AddHours(1));
        var cell = view.CellOf(SomeSite.Image, "bmc")!;

        Assert.Equal((CellState.Withdrawn, ReasonCode.StoreDamaged, "touched", SomeSite.Now.AddHours(1)), (cell.State, cell.Code, cell.Reason, cell.Since));
        Assert.Equal(SomeSite.Receipt, cell.Evidence);
        Assert.Equal(Listed.CellOf(SomeSite.Image, "console"), view.CellOf(SomeSite.Image, "console"));
    }

    /// <summary>A volume that may link lies on another file system and has a copy: that is in no doubt with the store's file.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_surface_that_may_share_the_stores_inode_loses_the_image_with_it_only_if_it_does(bool shares)
    {
        var shown = shares ? SomeSite.Receipt : SomeSite.Receipt with { Device = 9, Inode = 99 };
        var view = SomeSite.View.WithCell("console", CellState.Advertised, shown);
        view = view with { Surfaces = view.Surfaces.SetItem(1, view.Surfaces[1] with { ServesStoreInode = true }) };
        var doubted = view.WithStore(new StoreFile.Doubted(SomeSite.Receipt, "touched", SomeSite.Now));

        Assert.True(Available(view, "console"));
        Assert.Equal(!shares, Available(doubted, "console"));
        Assert.Equal(!shares, Available(doubted.WithdrawnWhereShared(SomeSite.Image, ReasonCode.StoreDamaged, "touched", SomeSite.Now).WithStore(SomeSite.Present), "console"));
    }

    [Fact]
    public void Withdrawing_again_for_the_same_reason_keeps_the_first_moment()
    {
        var once = Listed.WithdrawnEverywhere(SomeSite.Image, CellState.Withdrawn, "removed", "gone", SomeSite.Now);
        var twice = once.WithdrawnEverywhere(SomeSite.Image, CellState.Withdrawn, "removed", "gone", SomeSite.Now.AddHours(1));

        Assert.Equal(once.Cells, twice.Cells);
    }

    [Fact]
    public void Withdrawing_makes_no_cell_but_quarantine_does()
    {
        Assert.Empty(SomeSite.View.WithdrawnEverywhere(SomeSite.Image, CellState.Withdrawn, "removed", "", SomeSite.Now).Cells);
        Assert.Equal(2, SomeSite.View.WithdrawnEverywhere(SomeSite.Image, CellState.Quarantined, "store-damaged", "", SomeSite.Now).Cells.Count);
    }

    [Fact]
    public void With_a_whole_copy_again_quarantined_cells_start_anew()
    {
        var view = SomeSite.View.WithCell("bmc", CellState.Quarantined, SomeSite.Receipt).WithCell("console", CellState.Quarantined)
            .WithoutQuarantine(SomeSite.Image);

        Assert.Equal(CellState.Withdrawn, view.CellOf(SomeSite.Image, "bmc")?.State);
        Assert.NotNull(view.CellOf(SomeSite.Image, "bmc")?.Evidence);
        Assert.Null(view.CellOf(SomeSite.Image, "console"));
        Assert.Equal(Listed.Cells, Listed.WithoutQuarantine(SomeSite.Image).Cells);
    }

    [Fact]
    public void Leases_count_by_image_and_by_surface()
    {
        var view = Listed.WithLease("bmc");

        Assert.True(view.IsLeased(SomeSite.Image));
        Assert.True(view.IsLeased(SomeSite.Image, "bmc"));
        Assert.False(view.IsLeased(SomeSite.Image, "console"));
    }

    [Fact]
    public void While_leases_are_forgotten_every_image_counts_as_leased()
    {
        var removed = SomeSite.View.Deleted();
        Assert.True(CellPlan.MayRetire(removed, SomeSite.Receipt.Root));

        var view = removed with { LeasesForgottenSince = SomeSite.Now };
        Assert.True(view.IsLeased(SomeSite.Image));
        Assert.True(view.IsLeased(SomeSite.Image, "console"));
        Assert.False(CellPlan.MayRetire(view, SomeSite.Receipt.Root));
        Assert.False(Available(view.WithCell("console", CellState.Advertised, SomeSite.Receipt), "console"));
    }

    private static bool Available(SiteView view, string surface) =>
        view.IsAvailable(SomeSite.Image, view.Surfaces.Single(s => s.Name == surface));
}
