using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>
/// A published name never means two things at once: the next image of a name is shown at a surface only after the one before is out of sight there, and nobody
/// holds it. Pure.
/// </summary>
public static class TakenName
{
    /// <summary>Which other image clients of the surface still know by the name that this one is to have there; null when the name is free.</summary>
    public static ImageId? By(SiteView view, ImageId image, SurfaceStatus surface)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(surface);
        if (!view.Catalog.Images.TryGetValue(image, out var known))
        {
            return null;
        }

        foreach (var (key, cell) in view.Cells)
        {
            if (key.Surface == surface.Name && key.Image != image && cell.Evidence is not null && IsItsName(cell.FileName ?? view.NameOf(key.Image)))
            {
                return key.Image;
            }
        }

        return view.Leases.Values.FirstOrDefault(l => l.Surface == surface.Name && l.Image != image && !view.IsWanted(l.Image) && IsItsName(view.NameOf(l.Image)))?.Image;

        bool IsItsName(string name) => ImageFileName.Comparer.Equals(name, known.FileName);
    }

    /// <summary>The same for people; null when the name is free.</summary>
    public static string? Why(SiteView view, ImageId image, SurfaceStatus surface)
    {
        if (By(view, image, surface) is not { } other)
        {
            return null;
        }

        var holders = view.Leases.Values.Where(l => l.Image == other && l.Surface == surface.Name).OrderBy(l => l.Expires)
            .Select(l => $"{l.Client} until {l.Expires.ToUniversalTime():yyyy-MM-dd HH:mm} UTC").ToList();
        return $"Ready here; {view.NameOf(image)} still means other bytes there ({other}), "
            + (holders.Count == 0 ? "which are being taken away; it appears once they are." : $"held by {string.Join(", ", holders)}; it appears once they let go.");
    }
}
