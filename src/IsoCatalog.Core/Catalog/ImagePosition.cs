namespace IsoCatalog.Core.Catalog;

/// <summary>
/// Where an image stands in a list that people choose from: those that were given an order come first, the smaller before the larger; all others follow. Among equals the title counts
/// (<see cref="NaturalOrder"/>). Total: the id tells apart what is alike so far.
/// </summary>
public readonly record struct ImagePosition(bool Unordered, int Order, string Title, ImageId Id)
{
    public static readonly IComparer<ImagePosition> Sequence = Comparer<ImagePosition>.Create(static (a, b) =>
        a.Unordered.CompareTo(b.Unordered) is not 0 and var given ? given
        : a.Order.CompareTo(b.Order) is not 0 and var order ? order
        : NaturalOrder.Comparer.Compare(a.Title, b.Title) is not 0 and var title ? title
        : a.Id.CompareTo(b.Id));

    /// <param name="image">Whose place it is.</param>
    /// <param name="language">That titles are shown in.</param>
    public static ImagePosition Of(CatalogImage image, string? language = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        return new(image.Meta.Order == 0, image.Meta.Order, image.TitleIn(language), image.Id);
    }
}
