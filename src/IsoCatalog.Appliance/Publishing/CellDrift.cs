using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>
/// Which cells are not as they should be, though the store's copy is whole: those that failed, and those that were in the list and are being brought
/// back, in whatever state a look finds them. Pure.
/// </summary>
internal static class CellDrift
{
    public static IEnumerable<DriftView> Of(SiteView view) =>
        from image in view.Catalog.Live
        where view.IsWanted(image.Id) && view.FileOf(image) is StoreFile.Present
        from surface in view.Surfaces
        let drift = Of(view, image, surface)
        where drift is not null
        select drift;

    /// <summary>What could not be taken out of sight though it should be, and nobody holds it there.</summary>
    public static IEnumerable<DriftView> StillInSight(SiteView view) =>
        from cell in view.Cells
        where !view.IsWanted(cell.Key.Image) && cell.Value is { State: CellState.Withdrawn, Evidence: not null, Code: { } }
            && cell.Value.Code is not (ReasonCode.Removed or ReasonCode.Blocked or ReasonCode.Hidden)
            && view.Surfaces.FirstOrDefault(s => s.Name == cell.Key.Surface) is { } surface
            && cell.Value.Code != surface.ProblemCode && !view.IsHeldInSight(cell.Key.Image, surface)
        select new DriftView(
            cell.Value.Code!, $"{view.NameOf(cell.Key.Image)} is not in the list any more and can still be seen there. {cell.Value.Reason}".TrimEnd(), cell.Key.Surface, cell.Key.Image, cell.Value.Since);

    private static DriftView? Of(SiteView view, CatalogImage image, SurfaceStatus surface)
    {
        var key = new CellKey(image.Id, surface.Name);
        var cell = view.Cells.GetValueOrDefault(key);
        var missed = view.Missed.GetValueOrDefault(key);
        return cell switch
        {
            // In the list, or not because of the surface as a whole, which is drift of its own.
            { State: CellState.Advertised } => null,
            { Code: { } same } when same == surface.ProblemCode => null,
            { State: CellState.Withdrawn or CellState.Absent or CellState.Quarantined, Code: { } code }
                when code is not (ReasonCode.NotYetPublished or ReasonCode.Removed or ReasonCode.Hidden) =>
                new DriftView(code, cell.Reason ?? "", surface.Name, image.Id, missed?.Since ?? cell.Since),
            _ when missed is not null => new DriftView(
                missed.Code ?? cell?.Code ?? ReasonCode.NotYetPublished,
                $"{image.FileName} was in the list of {surface.Name} and is being published there again. {missed.Reason ?? cell?.Reason}".TrimEnd(),
                surface.Name,
                image.Id,
                missed.Since),
            _ => null,
        };
    }
}
