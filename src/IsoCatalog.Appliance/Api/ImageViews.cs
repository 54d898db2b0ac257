using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>An image as the API shows it, and a patch as it changes one. Pure.</summary>
internal static class ImageViews
{
    public static ImageView Of(SiteView view, CatalogImage image, string site) => new(
        image.Id,
        image.FileName,
        image.Title,
        image.Value.Size,
        image.Value.Sha256,
        image.Value.Root,
        image.Value.PieceLength,
        image.Value.InfoV1,
        image.Value.InfoV2,
        image.Meta,
        image.Value.Iso,
        image.Value.AddedAt,
        image.By,
        image.Deleted,
        Store(view.Store.GetValueOrDefault(image.Id)),
        new Dictionary<string, IReadOnlyDictionary<string, CellView>>
        {
            [site] = view.Surfaces.ToDictionary(s => s.Name, s => Cell(view, image, s)),
        });

    public static MetaValue Patched(MetaValue meta, ImagePatch patch)
    {
        var titles = meta.Titles.ToDictionary();
        foreach (var (language, title) in patch.Titles ?? new Dictionary<string, string?>())
        {
            if (title is null)
            {
                titles.Remove(language);
            }
            else
            {
                titles[language] = title;
            }
        }

        if (patch.Title is not null)
        {
            titles["en"] = patch.Title;
        }

        return meta with
        {
            Titles = titles,
            Kind = patch.Kind ?? meta.Kind,
            Group = patch.Group ?? meta.Group,
            Order = patch.Order ?? meta.Order,
            Os = patch.Os ?? meta.Os,
            Arch = patch.Arch ?? meta.Arch,
            Tags = patch.Tags ?? meta.Tags,
            Hidden = patch.Hidden ?? meta.Hidden,
            EolDate = patch.EolDate ?? meta.EolDate,
            Owner = patch.Owner ?? meta.Owner,
            Protected = patch.Protected ?? meta.Protected,
            Offer = patch.Offer ?? meta.Offer,
        };
    }

    /// <summary>A surface that is down as a whole shows its own reason in every cell.</summary>
    private static CellView Cell(SiteView view, CatalogImage image, SurfaceStatus surface)
    {
        var cell = view.CellOf(image.Id, surface.Name);
        if (cell is { State: CellState.Advertised } && !view.IsAvailable(image.Id, surface))
        {
            return new CellView(CellState.Withdrawn, surface.Problem ?? "In doubt.", surface.ProblemCode ?? ReasonCode.StoreDamaged, surface.ProblemSince, null);
        }

        if (view.Store.GetValueOrDefault(image.Id) is StoreFile.Fetching fetching && view.IsWanted(image.Id)
            && cell is null or { State: CellState.Absent })
        {
            return new CellView(CellState.Fetching, fetching.Reason, fetching.Code, fetching.Since, fetching.Progress);
        }

        return cell is not null ? new CellView(cell.State, cell.Reason, cell.Code, cell.Since, cell.Progress)
            : image.Deleted ? new CellView(CellState.Absent, "The image was removed.", ReasonCode.Removed, null, null)
            : image.Meta.Hidden ? new CellView(CellState.Absent, "The image is hidden.", ReasonCode.Hidden, null, null)
            : new CellView(CellState.Absent, surface.Problem ?? "It is published soon.", surface.ProblemCode ?? ReasonCode.NotYetPublished, null, null);
    }

    private static StoreView Store(StoreFile? file) => file switch
    {
        StoreFile.Present => new StoreView("present"),
        StoreFile.Doubted doubted => new StoreView("doubted", "store-doubted", doubted.Reason),
        StoreFile.Lost lost => new StoreView("lost", lost.Code, lost.Reason),
        StoreFile.Fetching fetching => new StoreView("fetching", fetching.Code, fetching.Reason),
        StoreFile.Retired => new StoreView("retired"),
        _ => new StoreView("absent"),
    };
}
