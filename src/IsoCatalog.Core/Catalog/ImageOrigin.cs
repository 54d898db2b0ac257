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

        // The only one who ever spoke of it is who signed it, whatever it says. Else whoever says of itself that it added the image; before there was such a word, who put it when there was
        // nothing to take the place of.
        return entries is [var only]
                ? new ImageOrigin(only.Stamp.Site, only.Value.AddingSite == only.Stamp.Site ? only.Value.Adder : only is { Deleted: false, Obs: null } ? only.By : null)
            : entries.FirstOrDefault(entry => entry.Value.AddingSite == entry.Stamp.Site) is { } own ? new ImageOrigin(own.Stamp.Site, own.Value.Adder)
            : entries.FirstOrDefault(entry => entry is { Deleted: false, Obs: null, Value.AddingSite: null }) is { } first ? new ImageOrigin(first.Stamp.Site, first.By)
            : new ImageOrigin(null, entries.Select(entry => entry.Value.Adder).OfType<string>().FirstOrDefault());
    }

    /// <summary>The value as a site may say it again. What says falsely that this very site added the image would be true of it by its signature.</summary>
    public static ImageValue SaidBy(string site, Register? register, ImageValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.AddingSite == site && (register is null || Of(register).Site != site) ? value.WithoutAdder() : value;
    }
}
