using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Which sites put more into the catalog within a day than is usual: a mistake, or a site in wrong hands. It is said and never refused. Pure.</summary>
internal static class NewDrift
{
    /// <param name="usual">So many entries of one site within a day are nothing to talk about; 0 for any number.</param>
    public static IEnumerable<DriftView> Of(CatalogView catalog, int usual, DateTimeOffset now) =>
        usual == 0 || catalog.Registers.Count <= usual ? []
        : NewEntries.OfTheDay(catalog, now).Where(s => s.Value.Count > usual).OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => new DriftView(
            ReasonCode.ManyNew,
            $"{s.Key} has put {s.Value.Count} entries (images, descriptions, aliases) into the catalog within 24 hours; {usual} are usual here (alarms.newPerDay). Is that meant? If nobody "
            + $"there knows of it, its key may be in wrong hands: isocatalog trust remove-site {s.Key} --revoke. To bound what any site may put in: isocatalog trust quota.",
            null,
            null,
            ClockRules.At(s.Value.Order().ElementAt(usual)),
            s.Key));
}
