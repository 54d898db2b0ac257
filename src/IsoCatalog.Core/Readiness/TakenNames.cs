using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>
/// A published name never means two things at once: the next image of a name is shown at a surface only after the one before is out of sight there, and nobody
/// holds it. Pure; made for one view, in one pass over its cells.
/// </summary>
public sealed class TakenNames
{
    private readonly SiteView _view;
    private readonly Dictionary<string, Dictionary<string, ImageId>> _strays = new(StringComparer.Ordinal);

    private TakenNames(SiteView view) => _view = view;

    public static TakenNames Of(SiteView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        var taken = new TakenNames(view);
        foreach (var (key, cell) in view.Cells)
        {
            if (cell.Evidence is not null)
            {
                taken.Add(key.Surface, cell.FileName ?? view.NameOf(key.Image), key.Image);
            }
        }

        foreach (var lease in view.Leases.Values.Where(l => !view.IsWanted(l.Image)))
        {
            taken.Add(lease.Surface, view.NameOf(lease.Image), lease.Image);
        }

        // Nobody knows any more who held what: whoever was removed may be held.
        foreach (var image in view.LeasesForgottenSince is null ? [] : view.Catalog.Images.Values.Where(i => i.Deleted))
        {
            foreach (var surface in view.Surfaces)
            {
                taken.Add(surface.Name, image.FileName, image.Id);
            }
        }

        return taken;
    }

    /// <summary>Which other image clients of the surface still know by the name that this one is to have there; null when the name is free.</summary>
    public ImageId? By(ImageId image, SurfaceStatus surface)
    {
        ArgumentNullException.ThrowIfNull(surface);
        return _strays.TryGetValue(surface.Name, out var names) && _view.Catalog.Images.TryGetValue(image, out var known)
            && names.TryGetValue(known.FileName, out var other) && other != image
            ? other
            : null;
    }

    /// <summary>The same for people; null when the name is free.</summary>
    public string? Why(ImageId image, SurfaceStatus surface)
    {
        if (By(image, surface) is not { } other)
        {
            return null;
        }

        var holders = _view.Leases.Values.Where(l => l.Image == other && l.Surface == surface.Name).OrderBy(l => l.Expires)
            .Select(l => $"{l.Client} until {l.Expires.ToUniversalTime():yyyy-MM-dd HH:mm} UTC").ToList();
        return $"Ready here; {_view.NameOf(image)} still means other bytes there ({other}), "
            + (holders.Count == 0 && _view.LeasesForgottenSince is not null ? "and the leases were lost: it appears once somebody confirms that nobody holds them (`isocatalog confirm`)."
                : holders.Count == 0 ? "which are being taken away; it appears once they are." : $"held by {string.Join(", ", holders)}; it appears once they let go.");
    }

    /// <summary>Nobody else is in the way of an image that has its name by the catalog.</summary>
    private void Add(string surface, string name, ImageId image)
    {
        if (_view.Catalog.Names.TryGetValue(name, out var owner) && owner == image)
        {
            return;
        }

        if (!_strays.TryGetValue(surface, out var names))
        {
            _strays.Add(surface, names = new Dictionary<string, ImageId>(ImageFileName.Comparer));
        }

        names.TryAdd(name, image);
    }
}
