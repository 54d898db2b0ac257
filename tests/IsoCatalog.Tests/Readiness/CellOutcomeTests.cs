using IsoCatalog.Core.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

public sealed class CellOutcomeTests
{
    private static readonly CellKey Key = new(SomeSite.Image, "console");

    private static readonly StoreFile.Lost Lost = new(ReasonCode.StoreDamaged, "add it again", SomeSite.Now);

    private static readonly DateTimeOffset Later = SomeSite.Now.AddSeconds(1);

    /// <summary>The quarantine came while the surface was taking the doubted file away.</summary>
    [Fact]
    public void A_quarantine_that_came_while_the_file_was_taken_away_stands()
    {
        var doubted = SomeSite.View.WithCell("console", CellState.Withdrawn, SomeSite.Receipt);
        var newest = Quarantined(doubted);

        var cell = CellOutcome.OutOfSight(newest, Key)!;

        Assert.Equal(newest.CellOf(SomeSite.Image, "console")! with { Evidence = null }, cell);
        Assert.Equal((CellState.Quarantined, "add it again"), (cell.State, cell.Reason));
    }

    [Theory]
    [InlineData(CellState.Verifying)]
    [InlineData(CellState.Withdrawn)]
    [InlineData(CellState.Staged)]
    public void A_quarantine_that_came_during_any_step_outlives_its_end(CellState during)
    {
        var newest = Quarantined(SomeSite.View.WithCell("console", during));
        var cell = newest.CellOf(SomeSite.Image, "console");

        Assert.Same(cell, CellOutcome.Begun(newest, Key, CellStep.Stage, Later));
        Assert.Same(cell, CellOutcome.Progressed(cell, 0.5));
        Assert.Same(cell, CellOutcome.Staged(cell, Later));
        Assert.Same(cell, CellOutcome.Failed(cell, listed: true, ReasonCode.StoreMissing, "gone", Later));
        Assert.Same(cell, CellOutcome.StillVisible(cell, ReasonCode.WriteError, "no"));
    }

    [Fact]
    public void A_doubt_that_came_during_staging_is_not_overwritten_by_its_end()
    {
        var newest = SomeSite.View.WithCell("console", CellState.Verifying)
            .WithdrawnEverywhere(SomeSite.Image, CellState.Withdrawn, ReasonCode.StoreDamaged, "touched", SomeSite.Now);
        var cell = newest.CellOf(SomeSite.Image, "console");

        Assert.Same(cell, CellOutcome.Staged(cell, Later));
        Assert.Same(cell, CellOutcome.Failed(cell, listed: false, ReasonCode.FileChanged, "changed", Later));
    }

    [Fact]
    public void Without_news_each_step_ends_as_it_went()
    {
        var begun = CellOutcome.Begun(SomeSite.View, Key, CellStep.Stage, Later)!;
        Assert.Equal((CellState.Verifying, Later, 0.0), (begun.State, begun.Since, begun.Progress));
        Assert.Equal(0.5, CellOutcome.Progressed(begun, 0.5)!.Progress);
        Assert.Equal(CellState.Staged, CellOutcome.Staged(begun, Later)!.State);
        Assert.Equal(CellState.Absent, CellOutcome.Failed(begun, listed: false, ReasonCode.NoSpace, "full", Later)!.State);
        Assert.Equal(CellState.Withdrawn, CellOutcome.Failed(begun, listed: true, ReasonCode.NoSpace, "full", Later)!.State);

        var visible = SomeSite.View.WithCell("console", CellState.Withdrawn, SomeSite.Receipt);
        Assert.Equal(visible.CellOf(SomeSite.Image, "console")! with { Evidence = null }, CellOutcome.OutOfSight(visible, Key));
        Assert.Null(CellOutcome.OutOfSight(visible.Deleted(), Key));
    }

    /// <summary>Whatever comes of the reading, nobody forgets that something is visible there.</summary>
    [Fact]
    public void What_is_visible_and_in_doubt_stays_known_while_it_is_read()
    {
        var doubted = SomeSite.View with
        {
            Surfaces = SomeSite.View.Surfaces.SetItem(1, SomeSite.View.Surfaces[1] with { ShowsFiles = true }),
            Cells = SomeSite.View.Cells.SetItem(Key, new Cell(
                CellState.Withdrawn, SomeSite.Now, ReasonCode.FileChanged, "touched", SomeSite.Receipt, FileName: "shown.iso")),
        };
        var begun = CellOutcome.Begun(doubted, Key, CellStep.Read, Later)!;
        Assert.Equal((CellState.Verifying, (Evidence)SomeSite.Receipt, "shown.iso"), (begun.State, begun.Evidence, begun.FileName));
        Assert.Same(doubted.Cells[Key], CellOutcome.Begun(doubted, Key, CellStep.Stage, Later));

        var touched = SomeSite.Receipt with { ModifiedNs = 9 };
        var right = CellOutcome.Staged(begun, Later, touched)!;
        Assert.Equal((CellState.Staged, (Evidence)touched, "shown.iso"), (right.State, right.Evidence, right.FileName));
        var again = CellOutcome.Failed(right, listed: false, ReasonCode.FileChanged, "touched again", Later)!;
        Assert.Equal((CellState.Withdrawn, ReasonCode.FileChanged, (Evidence)touched), (again.State, again.Code, again.Evidence));

        var wrong = CellOutcome.NotRight(begun, ReasonCode.HashMismatch, "other bytes", Later)!;
        Assert.Equal((CellState.Withdrawn, ReasonCode.HashMismatch, (Evidence)SomeSite.Receipt), (wrong.State, wrong.Code, wrong.Evidence));
        Assert.Same(right, CellOutcome.NotRight(right, ReasonCode.HashMismatch, "other bytes", Later));
    }

    private static SiteView Quarantined(SiteView view) => view.WithStore(Lost)
        .WithdrawnEverywhere(SomeSite.Image, CellState.Quarantined, Lost.Code, Lost.Reason, Lost.Since);
}
