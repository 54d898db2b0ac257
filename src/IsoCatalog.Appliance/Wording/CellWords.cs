using System.Globalization;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Wording;

/// <summary>What the state of a cell is called, on a terminal and on the page alike. Pure.</summary>
internal static class CellWords
{
    public static string Of(CellView cell) => Of(cell.State) + (cell.Progress is { } progress ? $" {Share(progress)}" : "");

    public static string Of(CellState state) => state.ToString().ToLowerInvariant();

    /// <summary>Never rounded up to done.</summary>
    /// <param name="share">0 to 1.</param>
    public static string Share(double share) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(Math.Clamp(share, 0, 1) * 100):0} %");
}
