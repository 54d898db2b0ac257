using System.Collections.Immutable;
using System.Text.Json;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>Between what a site knows of itself and what its signed holdings say. Pure.</summary>
public static class SiteHoldings
{
    /// <summary>Thousandths of progress that are a reason to tell others: each is a document to be signed. What is told anyway is told exactly, so that a slow link shows
    /// that it moves.</summary>
    private const int ToldEach = 50;

    public static IReadOnlyList<HeldSurface> SurfacesOf(SiteView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        return [.. view.Surfaces.Select(s => new HeldSurface(s.Name, s.Kind, s.Group, null, s.ProblemCode, s.ProblemSince))];
    }

    /// <summary>Of every image of which something is here, in the order of their ids.</summary>
    public static IReadOnlyList<HeldImage> ImagesOf(SiteView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        return
        [
            .. view.Catalog.Images.Values
                .Where(i => view.IsWanted(i.Id) || view.FileOf(i) is StoreFile.Present or StoreFile.Retired)
                .OrderBy(i => i.Id)
                .Select(i => new HeldImage(
                    i.Id,
                    view.FileOf(i) is StoreFile.Present,
                    view.IsConfirmed(i.Id),
                    view.Surfaces.Select(s => (s.Name, Cell: CellOf(view, i.Id, s))).Where(s => s.Cell is not null).ToDictionary(s => s.Name, s => s.Cell!),
                    view.Offered.Contains(i.Id),
                    view.FileOf(i) is StoreFile.Retired)),
        ];
    }

    /// <summary>The pairs that this site found to be false, with who signed them.</summary>
    public static IReadOnlyList<DisputeFinding> DisputedOf(IEnumerable<FalseClaim> claims) =>
        [.. claims.Take(Holdings.MaxImages).Select(c => new DisputeFinding(c.Entry.Image, c.Entry.Value.Size, c.Entry.Value.Root, c.Signer, c.Found.At))];

    /// <summary>Is there nothing new to tell?</summary>
    public static bool SaysTheSame(
        Holdings said, IReadOnlyList<HeldSurface> surfaces, IReadOnlyList<HeldImage> images, IReadOnlyList<DisputeFinding> disputed)
    {
        ArgumentNullException.ThrowIfNull(said);
        ArgumentNullException.ThrowIfNull(images);
        return said.Surfaces.SequenceEqual(surfaces) && said.Disputed.SequenceEqual(disputed) && said.Images.Count == images.Count && said.Images.Zip(images).All(p => Same(p.First, p.Second));
    }

    /// <summary>What another site says of itself. States that this version does not know count as absent.</summary>
    /// <param name="holdings">Verified and admitted.</param>
    /// <param name="heard">When they came in, by this site's clock.</param>
    public static OtherSite Read(Holdings holdings, DateTimeOffset heard)
    {
        ArgumentNullException.ThrowIfNull(holdings);
        var cells = ImmutableDictionary.CreateBuilder<CellKey, Cell>();
        foreach (var image in holdings.Images)
        {
            foreach (var (surface, cell) in image.Cells)
            {
                cells[new CellKey(image.Image, surface)] = new Cell(
                    States.GetValueOrDefault(cell.State, CellState.Absent), cell.Since, cell.Code, Progress: cell.Progress / 1000.0);
            }
        }

        return new OtherSite(holdings.Site, heard)
        {
            Surfaces = [.. holdings.Surfaces.Select(s => new OtherSurface(s.Name, s.Kind, s.Group, s.Problem is null ? null : s.ProblemSince ?? holdings.Issued, s.Problem))],
            Cells = cells.ToImmutable(),
            Stored = [.. holdings.Images.Where(i => i.Stored).Select(i => i.Image)],
            Kept = [.. holdings.Images.Where(i => i.Retired).Select(i => i.Image)],
            Offered = [.. holdings.Images.Where(i => i.Offered).Select(i => i.Image)],
            Confirmed = [.. holdings.Images.Where(i => i.Sha256Confirmed).Select(i => i.Image)],
        };
    }

    private static readonly ImmutableDictionary<string, CellState> States = Enum.GetValues<CellState>().ToImmutableDictionary(Text, StringComparer.Ordinal);

    private static bool Same(HeldImage one, HeldImage other) =>
        one.Image == other.Image && one.Stored == other.Stored && one.Sha256Confirmed == other.Sha256Confirmed && one.Offered == other.Offered && one.Retired == other.Retired
        && one.Cells.Count == other.Cells.Count && one.Cells.All(c => other.Cells.TryGetValue(c.Key, out var cell) && Coarse(cell) == Coarse(c.Value));

    private static HeldCell? CellOf(SiteView view, ImageId image, SurfaceStatus surface)
    {
        var cell = view.CellOf(image, surface.Name);
        if (view.FileOf(image) is StoreFile.Fetching fetching && cell is null or { State: CellState.Absent })
        {
            return new HeldCell(Text(CellState.Fetching), fetching.Since, fetching.Code, Progress: Thousandths(fetching.Progress));
        }

        // What is in no list now is not advertised, whatever its cell is waiting for.
        return cell is null ? null
            : cell.State == CellState.Advertised && !view.IsAvailable(image, surface)
                ? new HeldCell(Text(CellState.Withdrawn), surface.ProblemSince ?? cell.Since, surface.ProblemCode ?? ReasonCode.StoreDamaged)
            : new HeldCell(Text(cell.State), cell.Since, cell.Code, Progress: cell.Progress is { } progress ? Thousandths(progress) : null);
    }

    private static int Thousandths(double progress) => (int)(progress * 1000);

    private static HeldCell Coarse(HeldCell cell) => cell.Progress is { } progress ? cell with { Progress = progress / ToldEach } : cell;

    private static string Text(CellState state) => JsonNamingPolicy.KebabCaseLower.ConvertName(state.ToString());
}
