namespace IsoCatalog.Core.Readiness;

/// <summary>
/// What becomes of a cell when a step of it began or ended. Surfaces take their time, so each rule is asked with the newest cell, not with the one that
/// the step began with: a doubt or a quarantine that came meanwhile stands, and the step's own end is then no news. Pure; the same object means no change.
/// </summary>
public static class CellOutcome
{
    /// <summary>Staging begins, if it is still what comes next.</summary>
    public static Cell? Begun(SiteView newest, CellKey key, DateTimeOffset now) =>
        CellPlan.Next(newest, key.Image, newest.Surfaces.First(s => s.Name == key.Surface), together: false, now) == CellStep.Stage
            ? new Cell(CellState.Verifying, now, ReasonCode.Verifying, "The bytes are brought there and read back.", Progress: 0)
            : newest.Cells.GetValueOrDefault(key);

    public static Cell? Progressed(Cell? newest, double progress) =>
        newest is { State: CellState.Verifying } ? newest with { Progress = progress } : newest;

    public static Cell? Staged(Cell? newest, DateTimeOffset now) => newest is { State: CellState.Verifying }
        ? new Cell(CellState.Staged, now, ReasonCode.WaitingForSurfaces, "Ready here; it appears once the other surfaces are ready too.")
        : newest;

    /// <summary>Staging or showing failed.</summary>
    /// <param name="newest">As it is now.</param>
    /// <param name="listed">It was in the list before, so it is missed there.</param>
    /// <param name="code">Why it failed.</param>
    /// <param name="reason">The same for people.</param>
    /// <param name="now">The clock.</param>
    public static Cell? Failed(Cell? newest, bool listed, string code, string reason, DateTimeOffset now) =>
        newest is { State: CellState.Verifying or CellState.Staged }
            ? new Cell(listed ? CellState.Withdrawn : CellState.Absent, now, code, reason)
            : newest;

    /// <summary>Nothing of it is visible any more.</summary>
    public static Cell? OutOfSight(SiteView newest, CellKey key) => newest.Cells.GetValueOrDefault(key) switch
    {
        null => null,
        _ when !newest.IsWanted(key.Image) => null,
        { State: CellState.Quarantined } cell => cell with { Evidence = null },
        { State: CellState.Withdrawn } cell => cell with { Evidence = null },
        var another => another,
    };

    /// <summary>It could not be taken out of sight. A quarantine keeps its own reason: that is what the operator can mend.</summary>
    public static Cell? StillVisible(Cell? newest, string code, string reason) =>
        newest is null or { State: CellState.Quarantined } ? newest : newest with { Code = code, Reason = reason };
}
