using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Cells of the ready matrix on a screen.</summary>
internal static class CellText
{
    public static string State(CellView cell) =>
        cell.State.ToString().ToLowerInvariant() + (cell.Progress is { } progress ? $" {progress:0 %}" : "");

    public static Text Of(CellView? cell) => cell is null
        ? Screen.Cell("-")
        : Screen.Cell(State(cell), cell.State switch
        {
            CellState.Advertised => Color.Green,
            CellState.Quarantined or CellState.Withdrawn => Color.Red,
            _ => Color.Yellow,
        });
}
