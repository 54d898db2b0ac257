namespace IsoCatalog.Simulators.Engine;

/// <summary>The inventory in the words of the API, version 4.</summary>
internal sealed class EngineEntities(EngineInventory inventory)
{
    public const string Root = "/ovirt-engine/api";

    private const long GiB = 1L << 30;

    public static Entity Collection(string name, IEnumerable<Entity> things) => new Entity(name).Many(things);

    public static Entity Action(string status) => new Entity("action").Text("status", status);

    public Entity Api(EngineFaults faults, DateTimeOffset now) => new Entity("api")
        .Links(
            ("clusters", $"{Root}/clusters"),
            ("clusters/search", $"{Root}/clusters?search={{query}}"),
            ("datacenters", $"{Root}/datacenters"),
            ("datacenters/search", $"{Root}/datacenters?search={{query}}"),
            ("events", $"{Root}/events"),
            ("hosts", $"{Root}/hosts"),
            ("storagedomains", $"{Root}/storagedomains"),
            ("storagedomains/search", $"{Root}/storagedomains?search={{query}}"),
            ("vms", $"{Root}/vms"),
            ("vms/search", $"{Root}/vms?search={{query}}"))
        .One(new Entity("product_info")
            .Text("name", "oVirt Engine")
            .Text("vendor", "ovirt.org")
            .One(new Entity("version")
                .Text("build", "7").Text("full_version", "4.5.7-1.simulated").Text("major", "4").Text("minor", "5").Text("revision", "0")))
        .One(new Entity("summary")
            .One(new Entity("hosts").Text("active", "0").Text("total", "0"))
            .One(new Entity("storage_domains")
                .Text("active", inventory.Domains.Count(d => d.DataCenters.Any(c => inventory.StatusOf(d, c, faults) == DomainStatus.Active)).ToString())
                .Text("total", inventory.Domains.Count.ToString()))
            .One(new Entity("users").Text("active", "1").Text("total", "1"))
            .One(new Entity("vms").Text("active", inventory.Machines.Count(m => m.IsUp).ToString()).Text("total", inventory.Machines.Count.ToString())))
        .Text("time", Time(now));

    /// <summary>As in the collection of all domains: the status is only ever <c>unattached</c> there.</summary>
    public Entity Domain(StorageDomain domain)
    {
        var href = $"{Root}/storagedomains/{domain.Id:D}";
        var thing = Head(domain, href);
        if (domain.Iso is not null)
        {
            thing.Links(("files", href + "/files"));
        }

        return Rest(thing, domain, null, domain.DataCenters.Count == 0 ? "unattached" : null);
    }

    /// <summary>As in a data center, where the status is the real one.</summary>
    public Entity AttachedDomain(StorageDomain domain, DataCenter center, EngineFaults faults)
    {
        var href = $"{Root}/datacenters/{center.Id:D}/storagedomains/{domain.Id:D}";
        var thing = Head(domain, href).One(new Entity("actions").Links(("activate", href + "/activate"), ("deactivate", href + "/deactivate")));
        return Rest(thing, domain, Reference("data_center", "datacenters", center.Id), inventory.StatusOf(domain, center.Name, faults));
    }

    public static Entity File(StorageDomain domain, string name) =>
        Entity.At("file", $"{Root}/storagedomains/{domain.Id:D}/files/{name}", name)
            .Text("name", name)
            .One(Reference("storage_domain", "storagedomains", domain.Id));

    public static Entity DataCenter(DataCenter center)
    {
        var href = $"{Root}/datacenters/{center.Id:D}";
        return Entity.At("data_center", href, center.Id.ToString("D"))
            .Text("name", center.Name)
            .Text("description", $"The {center.Name} data center")
            .Links(("clusters", href + "/clusters"), ("storagedomains", href + "/storagedomains"))
            .Text("local", "false")
            .Text("quota_mode", "disabled")
            .Text("status", "up")
            .Text("storage_format", "v5")
            .One(new Entity("supported_versions").Many([Version()]))
            .One(Version());

        static Entity Version() => new Entity("version").Text("major", "4").Text("minor", "7");
    }

    public static Entity Cluster(DataCenter center)
    {
        var id = EngineInventory.ClusterOf(center);
        return Entity.At("cluster", $"{Root}/clusters/{id:D}", id.ToString("D"))
            .Text("name", center.Name)
            .One(new Entity("cpu").Text("architecture", "x86_64"))
            .One(Reference("data_center", "datacenters", center.Id));
    }

    /// <param name="machine">Which.</param>
    /// <param name="drives">With its drives, as <c>follow=cdroms</c> has them: those of the next start (BackendVmsResource.setCdroms).</param>
    public static Entity Machine(Machine machine, bool drives)
    {
        var href = $"{Root}/vms/{machine.Id:D}";
        return Entity.At("vm", href, machine.Id.ToString("D"))
            .Text("name", machine.Name)
            .Links(("cdroms", href + "/cdroms"))
            .One(new Entity("actions").Links(("start", href + "/start"), ("stop", href + "/stop")))
            .One(drives ? Collection("cdroms", [Drive(machine, current: false)]) : null)
            .One(Reference("cluster", "clusters", EngineInventory.ClusterOf(machine.DataCenter)))
            .Text("status", machine.IsUp ? "up" : "down");
    }

    /// <param name="current">What is in the drive now, instead of what will be at the next start.</param>
    public static Entity Drive(Machine machine, bool current)
    {
        var disc = current ? machine.CurrentDisc : machine.Disc;
        return Entity.At("cdrom", $"{Root}/vms/{machine.Id:D}/cdroms/{Guid.Empty:D}", Guid.Empty.ToString("D"))
            .One(disc is null ? null : new Entity("file").Attribute("id", disc))
            .One(Reference("vm", "vms", machine.Id));
    }

    public static Entity Event(EngineEvent told) => Entity.At("event", $"{Root}/events/{told.Id}", told.Id.ToString())
        .Text("description", told.Description)
        .Text("code", told.Code.ToString())
        .Text("custom_id", "-1")
        .Text("flood_rate", "30")
        .Text("origin", "oVirt")
        .Text("severity", told.Severity)
        .Text("time", Time(told.Time));

    private static Entity Reference(string name, string collection, Guid id) => Entity.At(name, $"{Root}/{collection}/{id:D}", id.ToString("D"));

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-ddTHH:mm:ss.fffzzz");

    private static Entity Head(StorageDomain domain, string href) => Entity.At("storage_domain", href, domain.Id.ToString("D"))
        .Text("name", domain.Name)
        .Text("description", domain.Iso is null ? "A data domain" : "ISO images")
        .Text("comment", "");

    private Entity Rest(Entity thing, StorageDomain domain, Entity? center, string? status)
    {
        var (available, used) = Space(domain);
        return thing
            .Text("available", available.ToString())
            .Text("backup", "false")
            .Text("block_size", "512")
            .Text("committed", "0")
            .Text("critical_space_action_blocker", "5")
            .One(center)
            .One(Centers(domain))
            .Text("discard_after_delete", "false")
            .Text("external_status", "ok")
            .Text("master", domain.Iso is null ? "true" : "false")
            .Text("status", status)
            .One(new Entity("storage")
                .Text("address", "localhost")
                .Text("nfs_version", "auto")
                .Text("path", domain.Iso?.Path ?? $"/exports/{domain.Name}")
                .Text("type", "nfs"))
            .Text("storage_format", domain.Iso is null ? "v5" : "v1")
            .Text("supports_discard", "false")
            .Text("type", domain.Iso is null ? "data" : "iso")
            .Text("used", used.ToString())
            .Text("warning_low_space_indicator", "10")
            .Text("wipe_after_delete", "false");
    }

    private Entity? Centers(StorageDomain domain) => domain.DataCenters.Count == 0
        ? null
        : new Entity("data_centers").Many(domain.DataCenters.Select(c => Reference("data_center", "datacenters", inventory.CenterNamed(c)!.Id)));

    /// <summary>In bytes, but whole GiB: the engine gets no finer figures.</summary>
    private static (long Available, long Used) Space(StorageDomain domain)
    {
        if (domain.Iso is null)
        {
            return (100 * GiB, 10 * GiB);
        }

        if (domain.Iso.Space is { } said)
        {
            return said;
        }

        try
        {
            var drive = new DriveInfo(domain.Iso.Path);
            return (drive.AvailableFreeSpace / GiB * GiB, (drive.TotalSize - drive.AvailableFreeSpace) / GiB * GiB);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (0, 0);
        }
    }
}
