using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Cells of the ready matrix on a screen.</summary>
internal static class CellText
{
    public static string State(CellView cell) =>
        cell.State.ToString().ToLowerInvariant() + (cell.Progress is { } progress ? $" {progress:0 %}" : "");

    /// <summary>A whole site in one cell: all surfaces ready, or how many and how it stands with the one that is furthest from it.</summary>
    public static Piece OfSite(IReadOnlyDictionary<string, CellView>? cells)
    {
        if (cells is null or { Count: 0 })
        {
            return Screen.Cell("unknown", Color.Red);
        }

        if (cells.Values.FirstOrDefault(c => c.Code == ReasonCode.SiteLate) is not null)
        {
            return Screen.Cell("late", Color.Red);
        }

        var ready = cells.Values.Count(c => c.State == CellState.Advertised);
        if (ready == cells.Count)
        {
            return Of(cells.Values.First());
        }

        var worst = cells.Values.Where(c => c.State != CellState.Advertised).MinBy(c => (Rank(c.State), c.Progress ?? 1))!;
        return Screen.Cell(
            ready == 0 ? State(worst) : $"{State(worst)} ({ready} of {cells.Count} ready)",
            worst.State is CellState.Quarantined or CellState.Withdrawn ? Color.Red : Color.Yellow);
    }

    /// <summary>The furthest from being ready first.</summary>
    private static int Rank(CellState state) => state switch
    {
        CellState.Quarantined => 0,
        CellState.Withdrawn => 1,
        CellState.Absent => 2,
        CellState.Fetching => 3,
        CellState.Verifying => 4,
        _ => 5,
    };

    public static Piece Of(CellView? cell) => cell is null
        ? Screen.Cell("-")
        : Screen.Cell(State(cell), cell.State switch
        {
            CellState.Advertised => Color.Green,
            CellState.Quarantined or CellState.Withdrawn => Color.Red,
            _ => Color.Yellow,
        });
}
