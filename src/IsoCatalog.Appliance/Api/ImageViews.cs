using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Ipmi;

namespace IsoCatalog.Appliance.Api;

/// <summary>From where the ready matrix is looked at.</summary>
/// <param name="Together">What counts for images that do not say it themselves.</param>
internal sealed record ViewPoint(string Site, bool Together, TimeProvider Time);

/// <summary>An image as the API shows it, and a patch as it changes one. Pure.</summary>
internal static class ImageViews
{
    private const string Unknown = "unknown";

    /// <param name="language">That titles are wanted in; see <see cref="CatalogImage.TitleIn"/>.</param>
    public static ImageView Of(SiteView view, CatalogImage image, ViewPoint point, string? language = null) => Of(view, [image], point, language)[0];

    /// <inheritdoc cref="Of(SiteView, CatalogImage, ViewPoint, string?)"/>
    public static IReadOnlyList<ImageView> Of(SiteView view, IReadOnlyList<CatalogImage> images, ViewPoint point, string? language = null) => [.. Each(view, images, point, language)];

    /// <summary>The same for one reading.</summary>
    public static ViewsOnDemand Each(SiteView view, IReadOnlyList<CatalogImage> images, ViewPoint point, string? language)
    {
        var (others, now) = (view.Others.Values.OrderBy(o => o.Site, StringComparer.Ordinal).ToList(), point.Time.GetUtcNow());
        var taken = TakenNames.Of(view);
        return new ViewsOnDemand(images, i => Of(view, i, Ready(view, i, point, others, taken, now)) with { Title = i.TitleIn(language) });
    }

    private static ImageView Of(SiteView view, CatalogImage image, IReadOnlyDictionary<string, IReadOnlyDictionary<string, CellView>> ready)
    {
        var register = view.Signed.Registers[RegisterKey.OfImage(image.Id)];
        var origin = ImageOrigin.Of(register);
        return Of(view, image, ready, origin) with
        {
            AddedSite = origin.Site,
            Removed = image.Deleted ? ChangeViews.Of(register) : null,
            Restored = IsRestored(register) ? ChangeViews.Of(register) : null,
            Faults = image.Value.Faults,
            Described = view.Signed.Registers.GetValueOrDefault(RegisterKey.OfMeta(image.Id)) is { } meta ? ChangeViews.Of(meta, image.Value.AddedAt) : null,
        };
    }

    /// <summary>It was put by a word that came after another one: nothing is put twice but what was removed.</summary>
    private static bool IsRestored(Register register) => register.Winner.Entry is ImageEntry { Deleted: false, Obs: not null };

    private static ImageView Of(SiteView view, CatalogImage image, IReadOnlyDictionary<string, IReadOnlyDictionary<string, CellView>> ready, ImageOrigin origin) => new(
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
        origin.By ?? Unknown,
        image.Deleted,
        Store(view.FileOf(image)),
        ready,
        view.Catalog.BlockOf(image.Id) is { } block ? Of(view, block) : null,
        view.Catalog.AliasesOf.GetValueOrDefault(image.Id, []))
    {
        Bmc = BmcHabits.Of(image) is { Count: > 0 } habits ? [.. habits.Select(h => new BmcHabitView(h.Code, h.Maker, h.Known, h.Text))] : null,
    };

    public static BlockView Of(SiteView view, BlockEntry block) => new(
        block.Image,
        view.Catalog.Images.GetValueOrDefault(block.Image)?.FileName,
        block.Why,
        block.By,
        block.Stamp.Site,
        DateTimeOffset.FromUnixTimeMilliseconds(block.Stamp.Ms),
        view.Leases.Values.Count(l => l.Image == block.Image));

    /// <summary>The site's own cells first, then those of the others in the order of their ids.</summary>
    private static Dictionary<string, IReadOnlyDictionary<string, CellView>> Ready(
        SiteView view, CatalogImage image, ViewPoint point, IReadOnlyList<OtherSite> others, TakenNames taken, DateTimeOffset now)
    {
        var together = CellPlan.IsTogether(image, point.Together);
        var heldBackBy = CellPlan.HeldBackBy(view, image.Id, together, now);
        var ready = new Dictionary<string, IReadOnlyDictionary<string, CellView>>(StringComparer.Ordinal)
        {
            [point.Site] = view.Surfaces.ToDictionary(s => s.Name, s => Cell(view, image, s, heldBackBy, taken)),
        };
        foreach (var other in others)
        {
            ready[other.Site] = OtherCells.Of(view, image, other, OtherCells.WaitsFor(view, image.Id, other, point.Site, together, now), now);
        }

        return ready;
    }

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
    private static CellView Cell(SiteView view, CatalogImage image, SurfaceStatus surface, IReadOnlyList<string> heldBackBy, TakenNames taken)
    {
        var cell = view.CellOf(image.Id, surface.Name);
        if (cell is { State: CellState.Advertised } && !view.IsAvailable(image.Id, surface))
        {
            return new CellView(CellState.Withdrawn, surface.Hindrance ?? "In doubt.", surface.HindranceCode ?? ReasonCode.StoreDamaged, surface.ProblemSince, null);
        }

        if (view.FileOf(image) is StoreFile.Fetching fetching && view.IsWanted(image.Id)
            && cell is null or { State: CellState.Absent })
        {
            return new CellView(CellState.Fetching, fetching.Reason, fetching.Code, fetching.Since, fetching.Progress);
        }

        return cell is { State: CellState.Staged } && heldBackBy.Count > 0
                ? new CellView(
                    CellState.Staged,
                    $"Ready here; it appears once it is ready at {string.Join(", ", heldBackBy)} too.",
                    ReasonCode.WaitingForSites,
                    cell.Since,
                    null)
            : cell is { State: CellState.Staged } && taken.Why(image.Id, surface) is { } why
                ? new CellView(CellState.Staged, why, ReasonCode.WaitingForName, cell.Since, null)
            : cell is not null ? new CellView(cell.State, cell.Reason, cell.Code, cell.Since, cell.Progress)
            : image.Deleted ? new CellView(CellState.Absent, "The image was removed.", ReasonCode.Removed, null, null)
            : image.Blocked ? new CellView(CellState.Absent, view.WhyUnwanted(image.Id), ReasonCode.Blocked, null, null)
            : image.Meta.Hidden ? new CellView(CellState.Absent, "The image is hidden.", ReasonCode.Hidden, null, null)
            : new CellView(CellState.Absent, surface.Problem ?? "It is published soon.", surface.ProblemCode ?? ReasonCode.NotYetPublished, null, null);
    }

    private static StoreView Store(StoreFile? file) => file switch
    {
        StoreFile.Present => new StoreView("present"),
        StoreFile.Doubted doubted => new StoreView("doubted", doubted.Code, doubted.Reason),
        StoreFile.Lost lost => new StoreView("lost", lost.Code, lost.Reason),
        StoreFile.Fetching fetching => new StoreView("fetching", fetching.Code, fetching.Reason),
        StoreFile.Retired => new StoreView("retired"),
        _ => new StoreView("absent"),
    };
}
