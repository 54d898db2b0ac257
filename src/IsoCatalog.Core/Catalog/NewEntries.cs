namespace IsoCatalog.Core.Catalog;

/// <summary>What sites have put into the catalog lately, by the stamps of their own entries. Pure; nothing is refused by it.</summary>
public static class NewEntries
{
    public static readonly TimeSpan Day = TimeSpan.FromHours(24);

    /// <summary>By site, the stamps (milliseconds) of what it stated within the last day, but for removals and recalls; those of sites that stated nothing are left out.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<long>> OfTheDay(CatalogView catalog, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var since = (now - Day).ToUnixTimeMilliseconds();
        return catalog.Registers.Values.SelectMany(r => r.BySite).Where(e => e.Stamp.Ms > since && e.Entry is not BlockEntry and { Deleted: false })
            .GroupBy(e => e.Stamp.Site, e => e.Stamp.Ms, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => (IReadOnlyList<long>)[.. g], StringComparer.Ordinal);
    }
}
