using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Wording;

/// <summary>Who changed something, as answers say it. Pure.</summary>
internal static class ChangeViews
{
    /// <summary>Who said what is in force.</summary>
    /// <param name="weakest">When that was said which the site says by itself: its stamp tells no time.</param>
    public static ChangeView Of(Register register, DateTimeOffset weakest = default)
    {
        var word = register.Winner.Entry;
        return new ChangeView(word.By, word.Stamp.Site, word.Stamp.IsWeakest() ? weakest : ClockRules.At(word.Stamp.Ms), word.Why);
    }

    /// <summary>Who removed the image; null when it is not removed.</summary>
    public static ChangeView? RemovalOf(CatalogView view, ImageId image) =>
        view.Registers.GetValueOrDefault(RegisterKey.OfImage(image)) is { Winner.Entry.Deleted: true } register ? Of(register) : null;
}
