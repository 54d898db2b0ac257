namespace IsoCatalog.Appliance.Configuration;

/// <summary>What of a changed file a running site takes at once, and what needs a restart. Pure.</summary>
/// <param name="Next">What holds from now on: what runs, with what is taken.</param>
/// <param name="Taken">The keys whose change is taken, such as <c>tokens</c> or <c>surfaces[0].allow</c>, in the order of the table.</param>
/// <param name="NeedRestart">Each change that is not, with its place in the file, in the order of the file.</param>
internal sealed record ReloadPlan(SiteConfiguration Next, IReadOnlyList<string> Taken, IReadOnlyList<ConfigurationProblem> NeedRestart)
{
    private readonly record struct Pair(SiteConfiguration Running, SiteConfiguration File, string Place);

    public static ReloadPlan Of(SiteConfiguration running, ConfigurationResult.Loaded loaded)
    {
        var (file, later, taken) = (loaded.Configuration, loaded.Places.SameFile(), new List<string>());
        var next = Merge(Settings.OfSite, new Pair(running, file, ""), taken, later);
        var surfaces = running.Surfaces.Select(surface =>
        {
            if (file.Surfaces.FirstOrDefault(other => other.Name == surface.Name) is not { } changed)
            {
                later.Add("surfaces", $"'{surface.Name}' is not in the file any more, and is served until the site is restarted.");
                return surface;
            }

            if (changed.Kind != surface.Kind)
            {
                later.Add(changed.Place + ".kind", $"'{surface.Name}' is {surface.Kind} as the site runs; {changed.Kind} needs a restart.");
                return surface;
            }

            return Merge(Settings.OfSurface, new Pair(running with { Surfaces = [surface] }, file with { Surfaces = [changed] }, changed.Place), taken, later).Surfaces[0];
        }).ToList();
        foreach (var surface in file.Surfaces.Where(surface => running.Surfaces.All(other => other.Name != surface.Name)))
        {
            later.Add(surface.Place, $"'{surface.Name}' is new; it is served once the site was restarted.");
        }

        return new ReloadPlan(next with { Surfaces = surfaces }, taken, later.Errors());
    }

    private static SiteConfiguration Merge(IReadOnlyList<Setting> settings, in Pair pair, List<string> taken, Yaml.Problems later)
    {
        var next = pair.Running;
        foreach (var setting in settings)
        {
            var (before, after) = (setting.Text(pair.Running), setting.Text(pair.File));
            if (before == after)
            {
                continue;
            }

            var path = setting.Path.Replace("surfaces[]", pair.Place, StringComparison.Ordinal).Replace("[]", "", StringComparison.Ordinal);
            if (setting.Take is null)
            {
                later.Add(path, $"The site runs with {Yaml.Quote.Short(before)}; {Yaml.Quote.Short(after)} needs a restart.");
            }
            else if (setting.Take(pair.Running, pair.File) is var changed && setting.Text(changed) == after)
            {
                next = setting.Take(next, pair.File);
                taken.Add(path);
            }
        }

        return next;
    }
}
