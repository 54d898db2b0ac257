namespace IsoCatalog.Core.Readiness;

/// <summary>
/// What becomes of a cell when a step of it began or ended. Surfaces take their time, so each rule is asked with the newest cell, not with the one that
/// the step began with: a doubt or a quarantine that came meanwhile stands, and the step's own end is then no news. Pure; the same object means no change.
/// </summary>
public static class CellOutcome
{
    /// <summary>Staging begins, or the reading of what is visible, if that is still what comes next.</summary>
    public static Cell? Begun(SiteView newest, CellKey key, CellStep step, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(newest);
        var cell = newest.Cells.GetValueOrDefault(key);
        return CellPlan.Next(newest, key.Image, newest.Surfaces.First(s => s.Name == key.Surface), together: false, now) != step ? cell
            : new Cell(
                CellState.Verifying,
                now,
                ReasonCode.Verifying,
                step == CellStep.Read ? "It is read again where it lies." : "The bytes are brought there and read back.",
                cell?.Evidence,
                Progress: 0,
                cell?.Evidence is null ? null : cell.FileName);
    }

    public static Cell? Progressed(Cell? newest, double progress) =>
        newest is { State: CellState.Verifying } ? newest with { Progress = progress } : newest;

    /// <param name="visible">What is visible of it already: it was read where it lies.</param>
    public static Cell? Staged(Cell? newest, DateTimeOffset now, Evidence? visible = null) => newest is { State: CellState.Verifying }
        ? new Cell(
            CellState.Staged, now, ReasonCode.WaitingForSurfaces, "Ready here; it appears once the other surfaces are ready too.", visible, FileName: visible is null ? null : newest.FileName)
        : newest;

    /// <summary>What is visible was read, and is wrong, or nothing is known of it yet.</summary>
    /// <param name="newest">As it is now.</param>
    /// <param name="code"><see cref="ReasonCode.FileChanged"/>: it is to be read again; any other: it is to be taken away.</param>
    /// <param name="reason">The same for people.</param>
    /// <param name="now">The clock.</param>
    public static Cell? NotRight(Cell? newest, string code, string reason, DateTimeOffset now) =>
        newest is { State: CellState.Verifying } ? newest with { State = CellState.Withdrawn, Since = now, Code = code, Reason = reason, Progress = null } : newest;

    /// <summary>Staging or showing failed.</summary>
    /// <param name="newest">As it is now.</param>
    /// <param name="listed">It was in the list before, so it is missed there.</param>
    /// <param name="code">Why it failed.</param>
    /// <param name="reason">The same for people.</param>
    /// <param name="now">The clock.</param>
    public static Cell? Failed(Cell? newest, bool listed, string code, string reason, DateTimeOffset now) =>
        newest is not { State: CellState.Verifying or CellState.Staged } ? newest

            // Touched between the reading and the showing: that is another doubt about what is visible.
            : newest.Evidence is not null && code == ReasonCode.FileChanged ? newest with { State = CellState.Withdrawn, Since = now, Code = code, Reason = reason, Progress = null }
            : new Cell(listed ? CellState.Withdrawn : CellState.Absent, now, code, reason);

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
