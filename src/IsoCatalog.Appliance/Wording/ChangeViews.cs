using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Wording;

/// <summary>Who changed something, as answers say it. Pure.</summary>
internal static class ChangeViews
{
    /// <summary>Who said what is in force.</summary>
    public static ChangeView Of(Register register)
    {
        var word = register.Winner.Entry;
        return new ChangeView(word.By, word.Stamp.Site, ClockRules.At(word.Stamp.Ms), word.Why);
    }

    /// <summary>Who removed the image; null when it is not removed.</summary>
    public static ChangeView? RemovalOf(CatalogView view, ImageId image) =>
        view.Registers.GetValueOrDefault(RegisterKey.OfImage(image)) is { Winner.Entry.Deleted: true } register ? Of(register) : null;
}
