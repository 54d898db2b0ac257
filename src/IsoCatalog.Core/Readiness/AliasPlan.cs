using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>When an alias moves, and what goes out of the catalog when it has. Pure.</summary>
public static class AliasPlan
{
    public static AliasStep Next(SiteView view, string site, AliasMove move, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(move);
        return view.Catalog.AliasOf(move.Alias) is { } entry && entry.Said > move.Asked ? AliasStep.Overtaken
            : view.Catalog.Images.GetValueOrDefault(move.Image) is not { IsVisible: true } ? AliasStep.GiveUp
            : WaitsFor(view, site, move.Image, now).Any() ? AliasStep.Wait
            : AliasStep.Move;
    }

    /// <summary>
    /// Where the image cannot be picked yet: every surface of every site counts, but for sites that are out of reach and surfaces that are unusable for as long
    /// as nobody waits for them. Stricter than <see cref="CellPlan.MayShow"/>: an image that was offered and is withdrawn somewhere is waited for there.
    /// </summary>
    /// <param name="view">What this site knows.</param>
    /// <param name="site">Its own id.</param>
    /// <param name="image">Which image.</param>
    /// <param name="now">The clock.</param>
    public static IEnumerable<AliasHindrance> WaitsFor(SiteView view, string site, ImageId image, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(view);
        var unwanted = view.WhyUnwanted(image);
        foreach (var surface in view.Surfaces.Where(s => !view.IsAvailableToSome(image, s) && !IsGivenUp(s.ProblemSince, now)))
        {
            var cell = view.CellOf(image, surface.Name);
            yield return new AliasHindrance(
                site,
                surface.Name,
                surface.ProblemCode ?? cell?.Code ?? ReasonCode.NotYetPublished,
                unwanted ?? surface.Hindrance ?? cell?.Reason ?? "It is not available there yet.");
        }

        foreach (var other in view.Others.Values.Where(o => !o.IsGivenUp(now)).OrderBy(o => o.Site, StringComparer.Ordinal))
        {
            if (other.Surfaces is not { } surfaces)
            {
                yield return new AliasHindrance(other.Site, null, ReasonCode.SiteLate, "Nothing was heard of it since this site was started.");
                continue;
            }

            foreach (var surface in surfaces.Where(s => !other.IsAvailable(image, s) && !IsGivenUp(s.ProblemSince, now)))
            {
                yield return new AliasHindrance(
                    other.Site,
                    surface.Name,
                    surface.Problem ?? other.CellOf(image, surface.Name)?.Code ?? ReasonCode.NotYetPublished,
                    other.IsFresh(now) ? "It is not available there yet." : "It was not available there when that site was last heard.");
            }
        }
    }

    /// <summary>What the alias pointed to before, the newest first, once it points to the image.</summary>
    public static IReadOnlyList<ImageId> FormerOf(AliasEntry? before, ImageId image) => before is null or { Deleted: true }
        ? []
        : [.. before.Former.Prepend(before.Target).Where(i => i != image).Distinct().Take(AliasEntry.MaxFormer)];

    /// <summary>
    /// The former targets that go out of the catalog: all but the newest ones that are still in it. Never one that is protected, or that another alias points to
    /// or is to point to.
    /// </summary>
    /// <param name="view">What this site knows.</param>
    /// <param name="alias">The alias that moves.</param>
    /// <param name="image">Where to.</param>
    /// <param name="former">See <see cref="FormerOf"/>.</param>
    /// <param name="keep">How many stay; null for all.</param>
    public static IReadOnlyList<CatalogImage> Superseded(SiteView view, string alias, ImageId image, IReadOnlyList<ImageId> former, int? keep)
    {
        ArgumentNullException.ThrowIfNull(view);
        return keep is not { } most
            ? []
            :
            [
                .. former.Where(i => i != image).Select(i => view.Catalog.Images.GetValueOrDefault(i)).OfType<CatalogImage>().Where(i => i.IsVisible)
                    .Skip(most)
                    .Where(i => !i.Meta.Protected
                        && view.Catalog.AliasesOf.GetValueOrDefault(i.Id, []).All(a => a == alias)
                        && view.AliasMoves.Values.All(m => m.Alias == alias || m.Image != i.Id)),
            ];
    }

    private static bool IsGivenUp(DateTimeOffset? problemSince, DateTimeOffset now) => problemSince is { } since && now - since >= CellPlan.Patience;
}
