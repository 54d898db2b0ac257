using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Publishing;

public sealed class CellDriftTests
{
    private static readonly SiteView Listed = SomeSite.View
        .WithCell("bmc", CellState.Advertised, SomeSite.Receipt).WithCell("console", CellState.Advertised, SomeSite.Receipt);

    private static readonly DateTimeOffset Left = SomeSite.Now.AddMinutes(1);

    /// <summary>A virtual machine has it in its drive, or the volume cannot be written.</summary>
    [Fact]
    public void What_was_removed_and_cannot_be_taken_out_of_sight_is_drift_unless_somebody_holds_it()
    {
        var removed = Listed.Deleted().WithCell("console", CellState.Withdrawn, SomeSite.Receipt);
        Assert.Empty(CellDrift.StillInSight(With(removed, ReasonCode.Removed)));

        var drift = Assert.Single(CellDrift.StillInSight(With(removed, ReasonCode.HeldByMachine)));
        Assert.Equal((ReasonCode.HeldByMachine, "console", SomeSite.Image), (drift.Code, drift.Surface, drift.Image!.Value));
        Assert.Empty(CellDrift.StillInSight(With(removed.WithLease("console"), ReasonCode.HeldByMachine)));
        Assert.Empty(CellDrift.StillInSight(With(Listed.WithCell("console", CellState.Withdrawn, SomeSite.Receipt), ReasonCode.HeldByMachine)));

        static SiteView With(SiteView view, string code)
        {
            var key = new CellKey(SomeSite.Image, "console");
            return view with { Cells = view.Cells.SetItem(key, view.Cells[key] with { Code = code, Reason = "why" }) };
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(CellState.Absent)]
    [InlineData(CellState.Fetching)]
    [InlineData(CellState.Verifying)]
    [InlineData(CellState.Staged)]
    [InlineData(CellState.Withdrawn)]
    [InlineData(CellState.Quarantined)]
    public void An_image_that_left_a_list_is_drift_in_whatever_state_a_look_finds_it_until_it_is_back(CellState? state)
    {
        var key = new CellKey(SomeSite.Image, "console");
        var left = After(Listed, Listed.WithCell("console", CellState.Withdrawn, SomeSite.Receipt), Left);
        var changed = state is null ? left with { Cells = left.Cells.Remove(key) } : left.WithCell("console", state);
        var tried = After(left, changed, Left.AddMinutes(5));

        var drift = Assert.Single(CellDrift.Of(tried));
        Assert.Equal(("console", SomeSite.Image, Left), (drift.Surface, drift.Image!.Value, drift.Since));
        Assert.NotEmpty(drift.Code);

        Assert.Empty(CellDrift.Of(After(tried, tried.WithCell("console", CellState.Advertised, SomeSite.Receipt), Left.AddMinutes(6))));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(CellState.Verifying)]
    [InlineData(CellState.Staged)]
    public void An_add_that_is_on_its_way_is_no_drift(CellState? state) =>
        Assert.Empty(CellDrift.Of(After(SomeSite.View, SomeSite.View.WithCell("console", state), Left)));

    [Fact]
    public void An_image_that_nobody_wants_there_is_not_missed()
    {
        var hidden = After(Listed, Listed.Hidden().WithCell("console", CellState.Withdrawn, SomeSite.Receipt), Left);

        Assert.Empty(hidden.Missed);
        Assert.Empty(CellDrift.Of(hidden));
    }

    [Fact]
    public void An_image_that_failed_says_why_and_since_when_it_is_missed()
    {
        var left = After(Listed, Listed.WithCell("console", CellState.Withdrawn, SomeSite.Receipt), Left);
        var failed = left with
        {
            Cells = left.Cells.SetItem(
                new CellKey(SomeSite.Image, "console"), new Cell(CellState.Withdrawn, Left.AddHours(1), ReasonCode.NoSpace, "full")),
        };

        var drift = Assert.Single(CellDrift.Of(After(left, failed, Left.AddHours(1))));
        Assert.Equal((ReasonCode.NoSpace, "full", Left), (drift.Code, drift.Reason, drift.Since));
    }

    /// <summary>An alert that waits for half an hour of one code would never fire if each try changed it.</summary>
    [Theory]
    [InlineData(CellState.Verifying)]
    [InlineData(CellState.Staged)]
    public void What_is_tried_again_keeps_the_code_that_it_left_with_or_last_failed_with(CellState trying)
    {
        var key = new CellKey(SomeSite.Image, "console");
        SiteView With(SiteView view, CellState state, string code) => view with { Cells = view.Cells.SetItem(key, new Cell(state, Left, code, $"It is {code}.")) };
        var left = After(Listed, With(Listed, CellState.Withdrawn, ReasonCode.FileChanged), Left);
        var tried = After(left, With(left, trying, ReasonCode.Verifying), Left.AddMinutes(1));
        Assert.Equal(ReasonCode.FileChanged, Assert.Single(CellDrift.Of(tried)).Code);

        var failed = After(tried, With(tried, CellState.Withdrawn, ReasonCode.EngineNotListed), Left.AddMinutes(2));
        var again = After(failed, With(failed, trying, ReasonCode.WaitingForSurfaces), Left.AddMinutes(3));
        var drift = Assert.Single(CellDrift.Of(again));
        Assert.Equal((ReasonCode.EngineNotListed, Left), (drift.Code, drift.Since));
        Assert.Contains("It is engine-not-listed.", drift.Reason, StringComparison.Ordinal);
    }

    private static SiteView After(SiteView before, SiteView next, DateTimeOffset now) => next.Surfaces.Aggregate(
        next,
        (view, surface) => view.WithMissed(SomeSite.Image, surface, before.IsAvailable(SomeSite.Image, surface), now));
}
