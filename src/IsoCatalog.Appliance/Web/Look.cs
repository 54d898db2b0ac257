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
    public static Look Of(CellView? cell, Words words)
    {
        ArgumentNullException.ThrowIfNull(words);
        var word = words.Cell(cell);
        return cell switch
        {
            null => new Look("unknown", word, Tone.Quiet),
            { State: CellState.Advertised, Code: null } => new Look("ok", word, Tone.Good),
            { State: CellState.Advertised } => new Look("late", word, Tone.Bad),
            { State: CellState.Staged } => new Look("staged", word, Tone.Busy),
            { State: CellState.Fetching } => new Look("fetching", word, Tone.Busy),
            { State: CellState.Verifying } => new Look("verifying", word, Tone.Busy),
            { State: CellState.Quarantined } => new Look("quarantined", word, Tone.Bad),
            { Code: ReasonCode.Removed or ReasonCode.Hidden or ReasonCode.Blocked } or { State: CellState.Absent, Code: null } => new Look("absent", word, Tone.Quiet),
            { Code: var code } when Waiting.Is(code) => new Look("waiting", word, Tone.Busy),
            _ => new Look("withdrawn", word, Tone.Bad),
        };
    }

    /// <summary>A whole site in one mark: what its surfaces have in common, else how it stands with the one that is furthest from being ready, as <c>isocatalog ls</c> says it.</summary>
    public static Look Of(IReadOnlyCollection<CellView?> cells, Words words)
    {
        ArgumentNullException.ThrowIfNull(cells);
        ArgumentNullException.ThrowIfNull(words);
        var looks = cells.Select(c => Of(c, words)).DefaultIfEmpty(Of((CellView?)null, words)).ToList();
        if (looks.Distinct().Count() == 1)
        {
            return looks[0];
        }

        var worst = cells.Select(c => (Look: Of(c, words), c?.Progress)).OrderByDescending(c => c.Look.Tone).ThenBy(c => c.Look.Shape == "ok").ThenBy(c => c.Progress ?? 1).First().Look;
        return worst with { Word = words.Ready(worst.Word, cells.Count(c => c?.State == CellState.Advertised), cells.Count) };
    }

    public static Look Of(LivePage page, SiteStanding site)
    {
        ArgumentNullException.ThrowIfNull(page);
        ArgumentNullException.ThrowIfNull(site);
        var words = page.Words;
        return site.State switch
        {
            "ok" when site.Surfaces.Any(s => s.Problem is not null) || site.Link?.Error is not null => new Look("withdrawn", words.Problem, Tone.Bad),
            "ok" => new Look("ok", words.SiteOk, Tone.Good),
            "late" => new Look("withdrawn", words.SiteLate, Tone.Bad),
            _ => page.IsMissing(site) ? new Look("withdrawn", words.SiteNotHeard, Tone.Bad) : new Look("unknown", words.SiteNotHeard, Tone.Busy),
        };
    }
}
