using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>How far another site has come with an image that is not on all its surfaces, by its own statements. Pure.</summary>
/// <param name="Furthest">The most that was there of it so far: an attempt that begins anew is no step back, and none forward.</param>
/// <param name="Moved">When that grew, or that of an image which is brought before it; else when it was first missed there. By this site's clock.</param>
public readonly record struct Advance(double Furthest, DateTimeOffset Moved)
{
    /// <summary>What a new statement makes of what the one before it showed. An older image goes before a newer one, as <see cref="FetchPlan.Order"/> has it.</summary>
    /// <param name="before">As the statement before showed the site; null if there was none since the start.</param>
    /// <param name="said">As it shows it now.</param>
    /// <param name="wanted">Every image that a site should have.</param>
    /// <param name="now">This site's clock.</param>
    public static ImmutableDictionary<ImageId, Advance> After(OtherSite? before, OtherSite said, IEnumerable<CatalogImage> wanted, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(said);
        var known = before?.Incomplete ?? ImmutableDictionary<ImageId, Advance>.Empty;
        var incomplete = ImmutableDictionary.CreateBuilder<ImageId, Advance>();
        var moved = false;
        foreach (var image in wanted.Where(i => known.ContainsKey(i.Id) || !said.IsComplete(i.Id)).Order(FetchPlan.Order))
        {
            var (complete, reached) = (said.IsComplete(image.Id), Reached(said, image.Id));
            var missed = known.TryGetValue(image.Id, out var last);
            moved |= missed && (complete || reached > last.Furthest);
            if (!complete)
            {
                incomplete[image.Id] = new Advance(Math.Max(reached, last.Furthest), moved || !missed ? now : last.Moved);
            }
        }

        return incomplete.ToImmutable();
    }

    /// <summary>Grows with everything that brings the image nearer to the lists of that site: bytes fetched, read back, and brought to each of its surfaces.</summary>
    private static double Reached(OtherSite site, ImageId image)
    {
        var cells = (site.Surfaces ?? []).Select(s => site.CellOf(image, s.Name)).OfType<Cell>().ToList();
        var stored = site.Holds(image) ? 3 : cells.Where(c => c.State == CellState.Fetching).Select(c => (c.Code == ReasonCode.Verifying ? 1 : 0) + (c.Progress ?? 0)).DefaultIfEmpty().Max();
        return stored + cells.Sum(c => c.State switch
        {
            CellState.Staged or CellState.Advertised => 1,
            CellState.Verifying => c.Progress ?? 0,
            _ => 0,
        });
    }
}
