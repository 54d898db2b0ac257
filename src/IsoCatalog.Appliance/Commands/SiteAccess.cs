using System.Globalization;
using System.Net;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Commands;

/// <summary>What whoever runs this may do with what a site has on this machine: its data folder, keys, volumes and ports. Nothing is changed. The start finds out the same by doing it.</summary>
internal static class SiteAccess
{
    private const int BindPort = 10;

    /// <summary>What would stop the start. A site that is not there yet is none.</summary>
    public static IReadOnlyList<ConfigurationProblem> Problems(ConfigurationResult.Loaded loaded)
    {
        var (site, problems) = (loaded.Configuration, loaded.Places.SameFile());
        var folders = new SiteFolders(site.Data, site.Inbox.Path);
        if (FolderAccess.WhyNotListed(site.Data) is { } closed)
        {
            if (!IsMissing(site.Data))
            {
                problems.Add("data", $"{site.Data} cannot be read by user '{Environment.UserName}': {closed}. {Remedy(site.Data)}");
            }

            return problems.Errors();
        }

        string[] own = [site.Data, folders.Store, folders.Staging, folders.Fetch, folders.Retired, folders.Catalog, folders.Trust, folders.Documents, folders.Chunks, folders.Holdings];
        foreach (var folder in own.Where(f => !IsMissing(f)))
        {
            Add(folder, FolderAccess.WhyNotListed(folder) ?? FolderAccess.WhyNotChanged(folder));
        }

        foreach (var file in new[] { folders.Database, folders.LockFile, folders.Reserve }.Where(f => !IsMissing(f)))
        {
            Add(file, FolderAccess.WhyFileNotChanged(file));
        }

        if (Path.GetDirectoryName(site.Socket) is { } run && !IsMissing(run) && FolderAccess.WhyNotChanged(run) is { } why)
        {
            problems.Add("socket", $"No socket can be made in {run} by user '{Environment.UserName}': {why}.");
        }

        try
        {
            using var keys = SiteKeys.Load(folders);
            if (site.Listen.Fleet is not null)
            {
                SiteKeys.RequireTls(keys, folders);
            }
        }
        catch (SiteStartException e) when (e.Code != "not-initialised" || !IsMissing(folders.SigningKey))
        {
            problems.Add("data", e.Message);
        }
        catch (SiteStartException)
        {
            // It is made by 'init'.
        }

        return problems.Errors();

        void Add(string path, string? problem)
        {
            if (problem is not null)
            {
                problems.Add("data", $"{path} cannot be written by user '{Environment.UserName}': {problem}. {Remedy(site.Data)}");
            }
        }
    }

    /// <summary>What the site runs without, but not as it should.</summary>
    public static IReadOnlyList<ConfigurationProblem> Warnings(ConfigurationResult.Loaded loaded)
    {
        var (site, warnings) = (loaded.Configuration, loaded.Places.SameFile());
        foreach (var (place, path) in site.Surfaces.Select(s => (s.Place, Path: s switch
        {
            SurfaceConfiguration.Volume volume => volume.Path,
            SurfaceConfiguration.OvirtIsoDomain domain => domain.Path,
            _ => "",
        })))
        {
            if (path.Length > 0 && !IsMissing(path) && (FolderAccess.WhyNotListed(path) ?? FolderAccess.WhyNotChanged(path)) is { } why)
            {
                warnings.Warn(place + ".path", $"User '{Environment.UserName}' cannot write to {path}: {why}. Nothing would be shown there. Give the folder to that user; a unit that is closed needs ReadWritePaths= too.");
            }
        }

        if (!MayBindAny())
        {
            foreach (var (name, at) in Listeners(site.Listen).Where(l => l.At is { Port: > 0 } at && at.Port < FirstFreePort()))
            {
                warnings.Warn(
                    "listen." + name,
                    string.Create(CultureInfo.InvariantCulture, $"If the site is started as this check was: port {at!.Port} needs the capability CAP_NET_BIND_SERVICE, which the unit gives; without it the site does not start."));
            }
        }

        return warnings.Warnings();
    }

    private static IEnumerable<(string Name, IPEndPoint? At)> Listeners(ListenConfiguration listen) =>
    [
        ("api", listen.Api), ("iso", listen.Iso), ("isoTls", listen.IsoTls), ("fleet", listen.Fleet), ("swarm", listen.Swarm), ("metrics", listen.Metrics), ("standard", listen.Standard),
    ];

    /// <summary>By its own capabilities, as the kernel says them (proc_pid_status(5)).</summary>
    private static bool MayBindAny() =>
        File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("CapEff:", StringComparison.Ordinal)) is not { } line
        || (ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) & (1UL << BindPort)) != 0;

    private static int FirstFreePort()
    {
        try
        {
            return int.Parse(File.ReadAllText("/proc/sys/net/ipv4/ip_unprivileged_port_start"), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 1024;
        }
    }

    /// <summary>Nothing is there; what cannot be looked at is there.</summary>
    private static bool IsMissing(string path)
    {
        try
        {
            return FileIdentity.KindBehind(path) == FileKind.Missing;
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            return false;
        }
    }

    private static string Remedy(string data) => $"All of {data} must belong to the user that runs the site.";
}
