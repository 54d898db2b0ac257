using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

public sealed class CellPlanTests
{
    private static readonly CellState?[] States = [null, .. Enum.GetValues<CellState>().Cast<CellState?>()];

    private static readonly StoreFile?[] StoreStates =
    [
        null, SomeSite.Present, new StoreFile.Doubted(SomeSite.Receipt, "touched", SomeSite.Now), new StoreFile.Lost("store-missing", "gone", SomeSite.Now),
        new StoreFile.Retired(SomeSite.Receipt, SomeSite.Now),
        new StoreFile.Fetching(SomeSite.Now, 0.5, "fetching", "on its way"),
    ];

    [Theory]
    [InlineData(null, false, CellStep.Stage)]
    [InlineData(CellState.Absent, false, CellStep.Stage)]
    [InlineData(CellState.Fetching, false, CellStep.Stage)]
    [InlineData(CellState.Verifying, false, CellStep.None)]
    [InlineData(CellState.Staged, true, CellStep.Advertise)]
    [InlineData(CellState.Advertised, true, CellStep.None)]
    [InlineData(CellState.Withdrawn, true, CellStep.Withdraw)]
    [InlineData(CellState.Withdrawn, false, CellStep.Stage)]
    [InlineData(CellState.Quarantined, true, CellStep.Withdraw)]
    [InlineData(CellState.Quarantined, false, CellStep.Stage)]
    public void A_wanted_image_with_a_whole_copy_goes_its_way(CellState? state, bool visible, CellStep expected)
    {
        var view = SomeSite.View.WithCell("console", state, visible ? (Evidence)SomeSite.Receipt : null);

        Assert.Equal(expected, CellPlan.Next(view, SomeSite.Image, view.Console(), together: false, SomeSite.Now));
    }

    /// <summary>What clients see stays where it is until it was read, and is taken away once it was read and is wrong.</summary>
    [Theory]
    [InlineData(ReasonCode.FileChanged, true, CellStep.Read)]
    [InlineData(ReasonCode.StoreDamaged, true, CellStep.Read)]
    [InlineData(ReasonCode.HashMismatch, true, CellStep.Withdraw)]
    [InlineData(ReasonCode.FileMissing, true, CellStep.Withdraw)]
    [InlineData(ReasonCode.Renamed, true, CellStep.Withdraw)]
    [InlineData(ReasonCode.FileChanged, false, CellStep.Withdraw)]
    public void What_is_visible_and_in_doubt_is_read_where_it_lies(string code, bool files, CellStep expected)
    {
        var view = Doubted(code, files);
        Assert.Equal(expected, Next(view, together: true));
        Assert.Equal(CellStep.Withdraw, Next(view.Deleted(), together: true));
        Assert.Equal(expected == CellStep.Read ? CellStep.None : expected, Next(view.WithProblem(1, SomeSite.Now), together: true));

        // A copy is read whatever is thought of the store's; the store's own inode once the store has read it.
        var inDoubt = view.WithStore(new StoreFile.Doubted(SomeSite.Receipt, "touched", SomeSite.Now));
        Assert.Equal(expected, Next(inDoubt, together: true));
        var linked = inDoubt with { Surfaces = inDoubt.Surfaces.SetItem(1, inDoubt.Surfaces[1] with { ServesStoreInode = true }) };
        Assert.Equal(expected == CellStep.Read ? CellStep.None : expected, Next(linked, together: true));

        static SiteView Doubted(string code, bool files) => SomeSite.View with
        {
            Surfaces = SomeSite.View.Surfaces.SetItem(1, SomeSite.View.Surfaces[1] with { ShowsFiles = files }),
            Cells = SomeSite.View.Cells.SetItem(new CellKey(SomeSite.Image, "console"), new Cell(CellState.Withdrawn, SomeSite.Now, code, "", SomeSite.Receipt)),
        };
    }

    /// <summary>The next image of a name, staged, and the one before, in every way in which clients may still know it.</summary>
    [Theory]
    [InlineData(CellState.Advertised, true, "console", false)]
    [InlineData(CellState.Withdrawn, true, "console", false)]
    [InlineData(CellState.Withdrawn, false, "console", true)]
    [InlineData(null, false, "console", true)]
    [InlineData(CellState.Advertised, true, "bmc", true)]
    public void A_name_is_shown_for_other_bytes_only_when_the_old_ones_are_out_of_sight_there(CellState? old, bool visible, string surface, bool shown)
    {
        var view = Renamed(SomeSite.View.WithCell(surface, old, visible ? (Evidence)SomeSite.Receipt : null));
        Assert.Equal(shown ? CellStep.Advertise : CellStep.None, CellPlan.Next(view, SomeImages.Id(2), view.Console(), together: false, SomeSite.Now));

        // And when nobody holds them, whether they can be seen or not.
        Assert.Equal(CellStep.None, CellPlan.Next(view.WithLease("console"), SomeImages.Id(2), view.Console(), together: false, SomeSite.Now));
        Assert.Equal(shown, CellPlan.Next(view.WithLease("bmc"), SomeImages.Id(2), view.Console(), together: false, SomeSite.Now) == CellStep.Advertise);
        Assert.Equal(shown, TakenNames.Of(view).Why(SomeImages.Id(2), view.Console()) is null);

        static SiteView Renamed(SiteView view)
        {
            var deleted = view.Deleted();
            return deleted with
            {
                // Some surfaces know no case.
                Catalog = deleted.Catalog.With(SomeImages.Put(2, 3, fileName: "IMAGE-1.iso")),
                Store = deleted.Store.SetItem(SomeImages.Value(2).Root, new StoreFile.Present(SomeSite.Receipt with { Root = SomeImages.Value(2).Root })),
                Cells = deleted.Cells.SetItem(new CellKey(SomeImages.Id(2), "console"), new Cell(CellState.Staged, SomeSite.Now)),
            };
        }
    }

    [Fact]
    public void Of_several_images_that_ask_for_a_name_none_is_replaced()
    {
        var view = SomeSite.View with { Catalog = SomeSite.View.Catalog.With(SomeImages.Put(2, 2, site: "nyc", fileName: SomeImages.Value(1).FileName)) };

        Assert.Equal(RefusalCode.NameTaken, CatalogRules.MayAdd(view, SomeImages.Id(3), SomeImages.Value(1).FileName, replace: true)?.Code);
        Assert.Null(CatalogRules.MayAdd(SomeSite.View, SomeImages.Id(3), SomeImages.Value(1).FileName, replace: true));
    }

    /// <summary>Every row of the rule against the laws that it must keep.</summary>
    [Fact]
    public void The_laws_hold_in_every_row()
    {
        var rows = 0;
        foreach (var state in States)
        foreach (var visible in new[] { false, true })
        foreach (var store in StoreStates)
        foreach (var wanted in new[] { "live", "hidden", "deleted" })
        foreach (var leased in new[] { false, true })
        foreach (var problem in new[] { false, true })
        foreach (var together in new[] { false, true })
        foreach (var other in States)
        {
            var view = SomeSite.View.WithCell("console", state, visible ? (Evidence)SomeSite.Receipt : null).WithCell("bmc", other).WithStore(store);
            view = wanted switch
            {
                "hidden" => view.Hidden(),
                "deleted" => view.Deleted(),
                _ => view,
            };
            view = leased ? view.WithLease("console") : view;
            view = problem ? view.WithProblem(1, SomeSite.Now) : view;
            var step = CellPlan.Next(view, SomeSite.Image, view.Console(), together, SomeSite.Now);
            var row = $"{state} visible={visible} store={store?.GetType().Name} {wanted} leased={leased} problem={problem} together={together} other={other}: {step}";
            var healthy = store is StoreFile.Present;
            var good = wanted == "live";

            Assert.True(step is not (CellStep.Stage or CellStep.Advertise) || (good && healthy && !problem), $"brings in what may not come in: {row}");
            Assert.True(step != CellStep.Advertise || state == CellState.Staged, $"shows what is not staged: {row}");
            Assert.True(
                step != CellStep.Advertise || !together || other is CellState.Staged or CellState.Advertised, $"shows before the others are ready: {row}");
            Assert.True(good || leased || state is null || step == CellStep.Withdraw, $"leaves what nobody wants: {row}");
            Assert.True(good || !leased || step == CellStep.None, $"takes away what is held: {row}");
            Assert.True(
                !good || !visible || state is not (CellState.Withdrawn or CellState.Quarantined) || step == CellStep.Withdraw,
                $"leaves visible what is not offered: {row}");
            Assert.True(!good || step != CellStep.Withdraw || (visible && state is CellState.Withdrawn or CellState.Quarantined), $"takes away what is good: {row}");
            rows++;
        }

        Assert.Equal(8 * 2 * 6 * 3 * 2 * 2 * 2 * 8, rows);
    }

    [Fact]
    public void Together_waits_for_every_surface_and_asap_for_none()
    {
        var waiting = SomeSite.View.WithCell("console", CellState.Staged, SomeSite.Receipt);
        var ready = waiting.WithCell("bmc", CellState.Staged, SomeSite.Receipt);

        Assert.Equal(CellStep.None, Next(waiting, together: true));
        Assert.Equal(CellStep.Advertise, Next(waiting, together: false));
        Assert.Equal(CellStep.Advertise, Next(ready, together: true));
    }

    [Fact]
    public void An_image_that_was_offered_once_is_not_held_back_by_others_again()
    {
        var view = SomeSite.View.WithCell("console", CellState.Staged, SomeSite.Receipt).WithCell("bmc", CellState.Withdrawn);

        Assert.Equal(CellStep.Advertise, Next(view with { Offered = view.Offered.Add(SomeSite.Image) }, together: true));
    }

    [Theory]
    [InlineData(0, CellStep.None)]
    [InlineData(14.99, CellStep.None)]
    [InlineData(15, CellStep.Advertise)]
    [InlineData(1000, CellStep.Advertise)]
    public void Patience_with_a_broken_surface_ends(double minutes, CellStep expected)
    {
        var view = SomeSite.View.WithCell("console", CellState.Staged, SomeSite.Receipt).WithProblem(0, SomeSite.Now.AddMinutes(-minutes));

        Assert.Equal(expected, Next(view, together: true));
    }

    [Fact]
    public void A_broken_surface_whose_start_is_not_known_is_waited_for() =>
        Assert.Equal(CellStep.None, Next(SomeSite.View.WithCell("console", CellState.Staged, SomeSite.Receipt).WithProblem(0, null), together: true));

    [Fact]
    public void A_lease_on_another_surface_does_not_hold_this_one()
    {
        var view = SomeSite.View.WithCell("console", CellState.Advertised, SomeSite.Receipt).WithLease("bmc").Deleted();

        Assert.Equal(CellStep.Withdraw, Next(view, together: true));
    }

    /// <summary>A file that everybody sees is all that its holder has; a URL of its own is all that a holder needs, and the standing one is everybody's.</summary>
    [Theory]
    [InlineData(false, CellStep.None)]
    [InlineData(true, CellStep.Withdraw)]
    public void A_lease_holds_what_is_seen_unless_it_has_a_url_of_its_own(bool urls, CellStep expected)
    {
        var view = SomeSite.View.WithCell("console", CellState.Advertised, SomeSite.Receipt).WithLease("console");
        view = view with { Surfaces = view.Surfaces.SetItem(1, view.Surfaces[1] with { LeaseUrls = urls }) };
        Assert.Equal(expected, Next(view.Deleted(), together: true));
        Assert.Equal(expected, Next(view.Hidden(), together: true));
        Assert.Equal(CellStep.None, Next(view, together: true));
        Assert.False(CellPlan.MayRetire(view.Deleted() with { Cells = view.Cells.Clear() }, SomeSite.Receipt.Root), "its bytes stay, either way");
    }

    [Fact]
    public void A_file_is_retired_only_when_deleted_out_of_sight_and_not_held()
    {
        var gone = SomeSite.View.Deleted();

        Assert.True(CellPlan.MayRetire(gone, SomeSite.Receipt.Root));
        Assert.False(CellPlan.MayRetire(SomeSite.View, SomeSite.Receipt.Root));
        Assert.False(CellPlan.MayRetire(SomeSite.View.Hidden(), SomeSite.Receipt.Root));
        Assert.False(CellPlan.MayRetire(gone.WithLease("console"), SomeSite.Receipt.Root));
        Assert.False(CellPlan.MayRetire(gone.WithCell("bmc", CellState.Withdrawn), SomeSite.Receipt.Root));
        Assert.All(StoreStates.Where(s => s is not StoreFile.Present), s => Assert.False(CellPlan.MayRetire(gone.WithStore(s), SomeSite.Receipt.Root)));
    }

    private static CellStep Next(SiteView view, bool together) => CellPlan.Next(view, SomeSite.Image, view.Console(), together, SomeSite.Now);
}
