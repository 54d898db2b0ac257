namespace IsoCatalog.Core.Catalog;

/// <summary>
/// Who added an image. The site is the one that signed it: its own words are in the register under its name as long as it counts, also once it has removed or restored the image. The person is
/// what that site says.
/// </summary>
/// <param name="Site">Null when no site's own words say it any more.</param>
/// <param name="By">Null when nobody said it.</param>
public sealed record ImageOrigin(string? Site, string? By)
{
    public static ImageOrigin Of(Register register)
    {
        ArgumentNullException.ThrowIfNull(register);
        var entries = register.BySite.Select(stated => stated.Entry).OfType<ImageEntry>().OrderBy(entry => entry.Stamp).ToList();

        // Whoever says of itself that it added the image. Before there was such a word: who put it when there was nothing to take the place of, or the only one who ever spoke of it.
        return entries.FirstOrDefault(entry => entry.Value.AddingSite == entry.Stamp.Site) is { } own ? new ImageOrigin(own.Stamp.Site, own.Value.Adder)
            : entries.FirstOrDefault(entry => entry is { Deleted: false, Obs: null, Value.AddingSite: null }) is { } first ? new ImageOrigin(first.Stamp.Site, first.By)
            : new ImageOrigin(entries is [{ Value.AddingSite: null } only] ? only.Stamp.Site : null, entries.Select(entry => entry.Value.Adder).OfType<string>().FirstOrDefault());
    }
}
