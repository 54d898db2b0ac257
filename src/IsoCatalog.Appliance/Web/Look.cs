using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Web;

/// <summary>How urgent something is. Never told by the colour alone: each has its shapes and its word.</summary>
public enum Tone
{
    Good,

    /// <summary>On its way; nobody needs to do anything.</summary>
    Busy,

    /// <summary>Not there, and that is as it should be or not known.</summary>
    Quiet,

    /// <summary>Not as it should be.</summary>
    Bad,
}

/// <summary>Shape, word and tone of a state. Pure.</summary>
/// <param name="Shape">The id of a symbol of the page.</param>
public sealed record Look(string Shape, string Word, Tone Tone)
{
    public static readonly Look Unknown = new("unknown", "unknown", Tone.Quiet);

    public static Look Of(CellView? cell) => cell is null ? Unknown : cell.State switch
    {
        CellState.Advertised => cell.Code is null ? new Look("ok", "available", Tone.Good) : new Look("late", "available?", Tone.Quiet),
        CellState.Staged => new Look("staged", "staged", Tone.Busy),
        CellState.Fetching => new Look("fetching", "fetching" + Share(cell), Tone.Busy),
        CellState.Verifying => new Look("verifying", "verifying" + Share(cell), Tone.Busy),
        CellState.Withdrawn => new Look("withdrawn", "withdrawn", Tone.Bad),
        CellState.Quarantined => new Look("quarantined", "quarantined", Tone.Bad),
        _ => cell.Code switch
        {
            ReasonCode.NotYetPublished or ReasonCode.WaitingForSource => new Look("absent", "waiting", Tone.Busy),
            ReasonCode.Blocked => new Look("absent", "recalled", Tone.Quiet),
            ReasonCode.Hidden => new Look("absent", "hidden", Tone.Quiet),
            ReasonCode.Removed => new Look("absent", "removed", Tone.Quiet),
            null => new Look("absent", "absent", Tone.Quiet),
            _ => new Look("withdrawn", "absent", Tone.Bad),
        },
    };

    /// <summary>A whole site in one cell: how it stands with the surface that is furthest from being ready.</summary>
    public static Look Of(IReadOnlyDictionary<string, CellView>? cells)
    {
        if (cells is null or { Count: 0 })
        {
            return Unknown;
        }

        var worst = cells.Values.Select(Of).MaxBy(l => (l.Tone, l.Shape != "ok"))!;
        var ready = cells.Values.Count(c => c.State == CellState.Advertised);
        return ready == cells.Count ? worst : worst with { Word = $"{worst.Word}, {ready} of {cells.Count}" };
    }

    public static Look Of(SiteStanding site)
    {
        ArgumentNullException.ThrowIfNull(site);
        return site.State switch
        {
            "ok" => new Look("ok", "ok", Tone.Good),
            "late" => new Look("withdrawn", "late", Tone.Bad),
            _ => new Look("unknown", "not heard yet", Tone.Bad),
        };
    }

    private static string Share(CellView cell) => cell.Progress is { } progress ? $" {Math.Floor(progress * 100):0} %" : "";
}
