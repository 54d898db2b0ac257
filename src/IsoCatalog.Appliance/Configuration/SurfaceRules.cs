using IsoCatalog.Appliance.Configuration.Values;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>What surfaces must be to each other, to the inbox and to the data folder.</summary>
internal static class SurfaceRules
{
    public static void Check(SiteConfiguration site, Problems problems)
    {
        Names(site, problems);
        BmcRules.Check(site, problems);
        Folders(site, problems);
    }

    private static void Names(SiteConfiguration site, Problems problems)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var surface in site.Surfaces)
        {
            problems.Unique(names, surface.Name, surface.Place, ".name", $"Another surface ({{0}}) is named '{surface.Name}' too. Give"
                + " each its own name.");
            var asked = site.Surfaces.Where(other => other.Kind == surface.Name
                || other.Group.ToString().Equals(surface.Name, StringComparison.OrdinalIgnoreCase)).ToList();
            var isGroup = Enum.GetNames<SurfaceGroup>().Contains(surface.Name, StringComparer.OrdinalIgnoreCase);
            if ((isGroup || SurfaceKinds.All.Contains(surface.Name)) && !(asked.Count == 1 && asked[0] == surface))
            {
                problems.Add(surface.Place + ".name", $"'{surface.Name}' is the name of a group or kind, and who asks for that means"
                    + " all its surfaces."
                    + " Choose another name, such as " + surface.Name + "-1.");
            }
        }

        if (site.Surfaces.Count == 0 && problems.Sound("surfaces"))
        {
            problems.Warn("surfaces", "There are no surfaces: images are kept here and offered nowhere.");
        }
    }

    private static void Folders(SiteConfiguration site, Problems problems)
    {
        var folders = site.Surfaces
            .Select(surface => (surface.Place, Surface: surface, Path: surface switch
            {
                SurfaceConfiguration.Volume volume => volume.Path,
                SurfaceConfiguration.OvirtIsoDomain domain => domain.Path,
                _ => "",
            }))
            .Where(folder => folder.Path.Length > 0)
            .ToList();
        for (var i = 0; i < folders.Count; i++)
        {
            var (place, surface, path) = folders[i];
            if (site.Data.Length > 0 && Paths.Overlap(path, site.Data))
            {
                problems.Add(place + ".path", path == site.Data || Paths.IsWithin(path, site.Data)
                    ? $"{path} is inside data ({site.Data}): what readers can see must be apart from what the appliance keeps. Choose a"
                        + " folder elsewhere."
                    : $"{path} has data ({site.Data}) inside it: readers would see what the appliance keeps. Choose another folder.");
            }
            else if (site.Inbox.Path.Length > 0 && Paths.Overlap(path, site.Inbox.Path) && problems.Sound("data", "inbox.path"))
            {
                problems.Add(place + ".path", $"{path} and the inbox ({site.Inbox.Path}) are one folder, or one is inside the other:"
                    + " what is published would be taken in again. Keep them apart.");
            }

            foreach (var (otherPlace, otherSurface, other) in folders.Take(i).Where(other => Paths.Overlap(path, other.Path)))
            {
                problems.Add(place + ".path", $"{path} and {otherPlace} ({other}) are one folder, or one is inside the other. Each"
                    + " surface needs a folder of its own."
                    + (surface is SurfaceConfiguration.OvirtIsoDomain && otherSurface is SurfaceConfiguration.OvirtIsoDomain
                        ? " One export behind several engines, or several domains in one export, is not supported: give each engine an export of its own."
                        : ""));
            }
        }
    }
}
