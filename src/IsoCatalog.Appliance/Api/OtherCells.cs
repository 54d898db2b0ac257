using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>Another site's part of the ready matrix, from what it last said. Pure.</summary>
internal static class OtherCells
{
    /// <param name="waitsFor">The sites that hold the image back there.</param>
    public static Dictionary<string, CellView> Of(SiteView view, CatalogImage image, OtherSite other, IReadOnlyList<string> waitsFor, DateTimeOffset now) =>
        (other.Surfaces ?? []).ToDictionary(s => s.Name, s => Aged(Stuck(Cell(view, image, other, s, waitsFor), image, other, now), other, now), StringComparer.Ordinal);

    /// <summary>The sites that another one waits for when it is ready itself; else empty.</summary>
    /// <param name="own">This site.</param>
    public static IReadOnlyList<string> WaitsFor(SiteView view, ImageId image, OtherSite other, string own, bool together, DateTimeOffset now) =>
        together && other.IsReady(image, now) && !view.Offered.Contains(image) && !view.Others.Values.Any(o => o.Offered.Contains(image))
            ?
            [
                .. CellPlan.IsReadyHere(view, image, now) ? Array.Empty<string>() : [own],
                .. CellPlan.WaitsFor(view, image, now).Where(s => s != other.Site),
            ]
            : [];

    private static CellView Cell(SiteView view, CatalogImage image, OtherSite other, OtherSurface surface, IReadOnlyList<string> waitsFor) =>
        other.CellOf(image.Id, surface.Name) switch
        {
            { State: CellState.Advertised } cell => surface.ProblemSince is { } since
                ? new CellView(CellState.Withdrawn, Words(surface.Problem), surface.Problem, since, null)
                : new CellView(CellState.Advertised, null, null, cell.Since, null),
            { State: CellState.Staged } cell when waitsFor.Count > 0 => new CellView(
                CellState.Staged, $"Ready there; it appears once it is ready at {string.Join(", ", waitsFor)} too.", ReasonCode.WaitingForSites, cell.Since, null),
            { } cell => new CellView(cell.State, Words(cell.Code), cell.Code, cell.Since, cell.State is CellState.Fetching or CellState.Verifying ? cell.Progress : null),
            null when !view.IsWanted(image.Id) => new CellView(
                CellState.Absent, "It is not to be offered.", image.Deleted ? ReasonCode.Removed : image.Meta.Hidden ? ReasonCode.Hidden : ReasonCode.Blocked, null, null),
            null => new CellView(CellState.Absent, Words(surface.Problem ?? ReasonCode.NotYetPublished), surface.Problem ?? ReasonCode.NotYetPublished, surface.ProblemSince, null),
        };

    private static CellView Stuck(CellView cell, CatalogImage image, OtherSite other, DateTimeOffset now) =>
        cell.State is CellState.Staged or CellState.Advertised || !other.IsStuck(image.Id, now) ? cell : cell with
        {
            Reason = $"{cell.Reason} It has come no further for {CellPlan.Patience.TotalMinutes:0} minutes and longer: it is not waited for.".TrimStart(),
        };

    /// <summary>What was heard long ago may not be so any more, and says so.</summary>
    private static CellView Aged(CellView cell, OtherSite other, DateTimeOffset now) => other.IsFresh(now)
        ? cell
        : cell with
        {
            Code = cell.Code ?? ReasonCode.SiteLate,
            Reason = $"{cell.Reason} {other.Site} was last heard {(now - other.Heard).TotalSeconds:0} s ago.".TrimStart(),
        };

    /// <summary>Holdings carry codes; a site's own words stay at that site.</summary>
    private static string? Words(string? code) => code switch
    {
        null => null,
        ReasonCode.FileMissing => "The published file is gone there; it is published again.",
        ReasonCode.FileChanged => "Something touched the published file there; it is published again.",
        ReasonCode.HashMismatch => "The bytes there are not those that were signed.",
        ReasonCode.ReadError => "It cannot be read back there.",
        ReasonCode.WriteError => "It cannot be written there.",
        ReasonCode.NoSpace => "There is no room for it there.",
        ReasonCode.SurfaceMissing => "The folder of that surface is not there.",
        ReasonCode.SurfaceReadOnly => "That surface cannot be written to.",
        ReasonCode.SurfaceUnreachable => "That surface does not answer.",
        ReasonCode.EngineDenied => "The oVirt engine does not let that site in.",
        ReasonCode.EngineRefreshFailed => "The oVirt engine there cannot list its ISO domain.",
        ReasonCode.EngineNotListed => "The oVirt engine there does not list it, or not yet.",
        ReasonCode.DomainInactive => "The ISO domain is not active in an oVirt data center there.",
        ReasonCode.DomainUnlistable => "Something in the ISO domain there keeps the oVirt engine from listing it.",
        ReasonCode.HeldByMachine => "A virtual machine there has it in its drive.",
        ReasonCode.StoreMissing => "That site's own copy is gone.",
        ReasonCode.StoreDamaged => "That site's own copy is damaged, or in doubt.",
        ReasonCode.NotYetPublished => "Nothing of it is there yet.",
        ReasonCode.Verifying => "The bytes are brought there and read back.",
        ReasonCode.WaitingForSurfaces => "Ready there; it appears once the other surfaces of that site are ready too.",
        ReasonCode.Removed => "The image was removed.",
        ReasonCode.Hidden => "The image is hidden.",
        ReasonCode.Blocked => "The image is recalled.",
        ReasonCode.Disputed => "Sites disagree which bytes this image is.",
        ReasonCode.Renamed => "It comes back there under its new name.",
        ReasonCode.Fetching => "Its bytes are on the way from other sites.",
        ReasonCode.WaitingForSource => "No site that it can reach offers the bytes yet.",
        ReasonCode.FetchFailed => "The bytes could not be fetched; it tries again.",
        _ => "That site's own status has the details.",
    };
}
