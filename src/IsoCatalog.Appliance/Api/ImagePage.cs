using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Api;

/// <summary>
/// The place of an image in a list that is read in pages: by the name that its entry asks for (<see cref="NaturalOrder"/>), then by its id. Neither changes when others come and go, so that who goes on
/// after a place gets each image once, whatever happened meanwhile, and also where the image of the place itself is gone.
/// </summary>
internal readonly record struct ImagePlace(string Name, ImageId Id)
{
    /// <summary>Total: no two images have one place.</summary>
    public static readonly IComparer<ImagePlace> Order = Comparer<ImagePlace>.Create(static (a, b) =>
        NaturalOrder.Comparer.Compare(a.Name, b.Name) is not 0 and var name ? name : a.Id.CompareTo(b.Id));

    public static ImagePlace Of(CatalogImage image) => new(image.Value.FileName, image.Id);

    /// <summary>As it stands in a URL: nobody need know what is in it.</summary>
    public override string ToString() => Base64Url.EncodeToString([.. Id.Sha256.ToArray(), .. Encoding.ASCII.GetBytes(Name)]);

    public static bool TryParse([NotNullWhen(true)] string? text, out ImagePlace place)
    {
        place = default;
        if (text is not { Length: <= 400 } || !Base64Url.IsValid(text))
        {
            return false;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length <= Sha256Digest.Length || !Ascii.IsValid(bytes.AsSpan(Sha256Digest.Length)))
        {
            return false;
        }

        place = new(Encoding.ASCII.GetString(bytes.AsSpan(Sha256Digest.Length)), new ImageId(new Sha256Digest(bytes.AsSpan(0, Sha256Digest.Length))));
        return ImageFileName.IsValid(place.Name);
    }
}

/// <summary>A part of the list.</summary>
/// <param name="Next">After which place the next one begins; null when nothing follows.</param>
internal sealed record ImagePage(IReadOnlyList<CatalogImage> Images, ImagePlace? Next)
{
    /// <summary>What is answered at once.</summary>
    public const int Most = 5000;

    public static ImagePage Of(IEnumerable<CatalogImage> images, ImagePlace? after, int limit)
    {
        // No more than a page is sorted, and none is described that does not stand on it.
        var found = images.Select(i => (Image: i, Place: ImagePlace.Of(i))).Where(i => after is not { } place || ImagePlace.Order.Compare(i.Place, place) > 0)
            .OrderBy(i => i.Place, ImagePlace.Order).Take(limit + 1).ToList();
        return new([.. found.Take(limit).Select(i => i.Image)], found.Count > limit ? found[limit - 1].Place : null);
    }
}
