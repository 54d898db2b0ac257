using System.Collections;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Api;

/// <summary>Views that are made when they are read, and not kept: an answer of thousands of images takes as much memory as the part that is being written, however slowly it is read. For a reader that goes through once.</summary>
internal sealed class ViewsOnDemand(IReadOnlyList<CatalogImage> images, Func<CatalogImage, ImageView> view) : IReadOnlyList<ImageView>
{
    public int Count => images.Count;

    public ImageView this[int index] => view(images[index]);

    /// <summary>Each as <paramref name="next"/> makes it, on demand too.</summary>
    public ViewsOnDemand Select(Func<ImageView, ImageView> next) => new(images, i => next(view(i)));

    public IEnumerator<ImageView> GetEnumerator() => images.Select(view).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
