using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>
/// What sites sign about the bytes of an image, and which of it this site goes by. The merge takes the newest word, and a site that lies can always be the newest;
/// so where words differ, what this site computed itself goes before everything that is said. Pure.
/// </summary>
public static class ImageClaims
{
    /// <summary>The catalog with the value of each image that this site goes by; the same object when that is what the merge says.</summary>
    public static CatalogView Judged(CatalogView signed, SiteView view)
    {
        ArgumentNullException.ThrowIfNull(signed);
        ArgumentNullException.ThrowIfNull(view);
        return signed.WithImages(
            signed.Images.Values.Where(i => i.Disputed || view.Computed.Verdict(i.Value) == false)
                .Select(i => (Image: i, Value: Best(signed, i, view)))
                .Where(j => !ReferenceEquals(j.Value, j.Image.Value))
                .Select(j => j.Image with { Value = j.Value }));
    }

    /// <summary>What sites say by now and this site has found to be wrong.</summary>
    public static IEnumerable<FalseClaim> FalseOf(SiteView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        return view.Catalog.Images.Values.Where(i => i.Disputed || view.Computed.Verdict(i.Value) == false).OrderBy(i => i.Id).SelectMany(i => FalseOf(view, i));
    }

    /// <summary>Of one image, the oldest first.</summary>
    public static IEnumerable<FalseClaim> FalseOf(SiteView view, CatalogImage image)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(image);
        return Stated(view.Catalog, image.Id).Where(e => !e.Deleted && view.Computed.Verdict(e.Value) == false).OrderBy(e => e.Stamp)
            .Select(e => new FalseClaim(e, view.Computed.About(e.Value)!));
    }

    /// <summary>The true one; else what is in the store already; else the oldest that is not known to be false.</summary>
    private static ImageValue Best(CatalogView signed, CatalogImage image, SiteView view)
    {
        var claims = Stated(signed, image.Id).OrderBy(e => e.Deleted).ThenBy(e => e.Stamp).Select(e => e.Value)
            .Where(v => view.Computed.Verdict(v) != false).ToList();
        return claims.Find(v => view.Computed.Verdict(v) == true) ?? claims.Find(v => view.Store.GetValueOrDefault(v.Root)?.Held is not null) ?? claims.FirstOrDefault() ?? image.Value;
    }

    private static IEnumerable<ImageEntry> Stated(CatalogView catalog, ImageId id) =>
        catalog.Registers.GetValueOrDefault(RegisterKey.OfImage(id))?.BySite.Select(e => e.Entry).OfType<ImageEntry>() ?? [];
}

/// <summary>A signed pair that is wrong.</summary>
/// <param name="Found">What this site computed instead.</param>
public sealed record FalseClaim(ImageEntry Entry, ComputedPair Found)
{
    public string Signer => Entry.Stamp.Site;

    /// <summary>What was said, what is so, and what to do.</summary>
    public string Words =>
        $"The site {Signer} signed that {Entry.Value.FileName} has the SHA-256 {Entry.Value.Sha256}, the root {Entry.Value.Root} and {Entry.Value.Size:N0} bytes, but here bytes with the "
        + $"root {Found.Root} were found to have the SHA-256 {Found.Image.Sha256} and {Found.Size:N0} bytes. What it says of it is offered nowhere; find out how {Signer} came to sign it, and whether its key is in wrong hands.";
}
