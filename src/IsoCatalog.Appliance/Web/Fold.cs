using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Web;

/// <summary>How one image stands at one site.</summary>
/// <param name="Surfaces">In the site's order; empty where it said nothing yet.</param>
/// <param name="Look">Of all of them in one mark.</param>
/// <param name="Agrees">They all look like that, for the same reason.</param>
public sealed record SiteFold(string Site, bool Self, IReadOnlyList<(string Name, CellView? Cell)> Surfaces, Look Look, bool Agrees)
{
    /// <summary>The cell that all are like; null where they differ, or where nothing is known.</summary>
    public CellView? Same => Agrees ? Surfaces.Select(s => s.Cell).FirstOrDefault() : null;
}

/// <summary>One row of the matrix: a mark where all sites agree, else one for each site, and all else on demand. Pure.</summary>
/// <param name="Whole">What every surface of every site looks like; null where they differ.</param>
public sealed record Fold(Look? Whole, IReadOnlyList<SiteFold> Sites)
{
    public static Fold Of(LivePage page, ImageView image)
    {
        ArgumentNullException.ThrowIfNull(page);
        ArgumentNullException.ThrowIfNull(image);
        var sites = page.Status.Sites.Select(s => Of(s, image.Ready.GetValueOrDefault(s.Id), page.Words)).ToList();
        var first = sites.FirstOrDefault();
        var whole = first is not null && sites.All(s => s.Agrees && s.Look == first.Look && s.Same?.Code == first.Same?.Code) && first.Surfaces.Count > 0;
        return new Fold(whole ? first!.Look : null, sites);
    }

    /// <summary>Which surfaces there are at which sites, those with the same surfaces together.</summary>
    public IEnumerable<(string Surfaces, string Sites)> Places() => Sites
        .GroupBy(s => string.Join(", ", s.Surfaces.Select(c => c.Name)), StringComparer.Ordinal)
        .Select(g => (g.Key, string.Join(", ", g.Select(s => s.Site))));

    private static SiteFold Of(SiteStanding site, IReadOnlyDictionary<string, CellView>? cells, Words words)
    {
        // The site's own cells may be younger than what it said of its surfaces, or older.
        var names = site.Surfaces.Select(s => s.Name).Union(cells?.Keys ?? [], StringComparer.Ordinal);
        var surfaces = names.Select(n => (n, cells?.GetValueOrDefault(n))).ToList();
        var alike = surfaces.Select(s => (Look.Of(s.Item2, words), s.Item2?.Code, s.Item2?.Reason)).Distinct().Count() <= 1;
        return new SiteFold(site.Id, site.Self, surfaces, Look.Of([.. surfaces.Select(s => s.Item2)], words), alike);
    }
}
