namespace IsoCatalog.Simulators.Engine;

/// <summary>The resources of <c>/ovirt-engine/api</c>, version 4, as far as ISO storage domains go.</summary>
internal sealed class EngineApi(EngineInventory inventory, TimeProvider time)
{
    /// <summary>ForceRefreshDomainFilesListByDefault.</summary>
    private const bool RefreshesByDefault = true;

    private readonly EngineEntities _entities = new(inventory);
    private readonly EngineMachines _machines = new(inventory);

    public async Task<EngineAnswer> AnswerAsync(EngineCall call, EngineFaults faults, CancellationToken cancellationToken) => (call.Method, call.Path) switch
    {
        // QueriesCommandBase.validatePermissions: who is no administrator is answered by what he may see, or, if he insists on everything, not at all.
        _ when faults.NoAdministrator && call.Flag("filter") == false => EngineAnswer.Fault(
            400, "Operation Failed", "query execution failed due to insufficient permissions."),
        ("GET", []) => EngineAnswer.Ok(_entities.Api(faults, time.GetUtcNow())),
        ("GET", ["storagedomains"]) => List(
            call, "storage_domains", Seen(inventory.Domains, faults), (d, key) => DomainValues(d, key, faults), _entities.Domain),
        (_, ["storagedomains", var id, .. var rest]) => await WithIdAsync(
            id, "storage_domain", Seen(inventory.Domains, faults), d => d.Id, d => DomainAsync(call, d, rest, faults, cancellationToken)),
        ("GET", ["datacenters"]) => List(call, "data_centers", Seen(inventory.DataCenters, faults), (c, key) => key == "name" ? [c.Name] : null, EngineEntities.DataCenter),
        (_, ["datacenters", var id, .. var rest]) => await WithIdAsync(
            id, "data_center", Seen(inventory.DataCenters, faults), c => c.Id, c => Task.FromResult(Center(call, c, rest, faults))),
        ("GET", ["clusters"]) => List(call, "clusters", Seen(inventory.DataCenters, faults), (c, key) => key is "name" or "datacenter" ? [c.Name] : null, EngineEntities.Cluster),
        ("GET", ["clusters", var id]) => await WithIdAsync(
            id, "cluster", Seen(inventory.DataCenters, faults), EngineInventory.ClusterOf, c => Task.FromResult(EngineAnswer.Ok(EngineEntities.Cluster(c)))),
        ("GET", ["hosts"]) => EngineAnswer.Ok(EngineEntities.Collection("hosts", [])),
        ("GET", ["events"]) => EngineAnswer.Ok(
            EngineEntities.Collection("events", inventory.Events.Take(call.Number("max") ?? int.MaxValue).Select(EngineEntities.Event))),
        ("GET", ["vms"]) => List(
            call, "vms", SeenMachines(faults), (m, key) => key == "name" ? [m.Name] : null, m => EngineEntities.Machine(m, call.Follows("cdroms"))),
        (_, ["vms", var id, .. var rest]) => await WithIdAsync(
            id, "vm", SeenMachines(faults), m => m.Id, m => _machines.AnswerAsync(call, m, rest, ListAsync, faults, cancellationToken)),
        _ => EngineAnswer.NothingThere,
    };

    private static IEnumerable<T> Seen<T>(IReadOnlyList<T> things, EngineFaults faults) => faults.NoPermission ? [] : things;

    private IEnumerable<Machine> SeenMachines(EngineFaults faults) => faults.NoAdministrator ? [] : Seen(inventory.Machines, faults);

    private static async Task<EngineAnswer> WithIdAsync<T>(
        string id, string kind, IEnumerable<T> things, Func<T, Guid> idOf, Func<T, Task<EngineAnswer>> answer)
        where T : class
    {
        if (!Guid.TryParseExact(id, "D", out var guid))
        {
            return EngineAnswer.Fault(400, "Operation failed", $"Invalid UUID string: {id}");
        }

        return things.FirstOrDefault(t => idOf(t) == guid) is { } thing ? await answer(thing) : EngineAnswer.NotFound(kind);
    }

    private static EngineAnswer List<T>(
        EngineCall call, string name, IEnumerable<T> things, Func<T, string, IEnumerable<string>?> valuesOf, Func<T, Entity> entityOf)
    {
        var query = SearchQuery.Parse(call.Parameters.GetValueOrDefault("search"), call.Flag("case_sensitive") ?? false);
        return query?.Among(things, valuesOf, call.Number("max")) is { } found
            ? EngineAnswer.Ok(EngineEntities.Collection(name, found.Select(entityOf)))
            : EngineAnswer.Fault(400, "Operation Failed", "[Invalid search expression]");
    }

    /// <summary>StorageDomainFieldAutoCompleter: <c>type</c> is the type of the storage, not of the domain.</summary>
    private IEnumerable<string>? DomainValues(StorageDomain domain, string key, EngineFaults faults) => key switch
    {
        "name" => [domain.Name],
        "datacenter" => domain.DataCenters,
        "status" => domain.DataCenters.Select(c => inventory.StatusOf(domain, c, faults)),
        "type" => ["nfs"],
        "external_status" => ["ok"],
        "comment" => [""],
        "description" => ["ISO images"],
        _ => null,
    };

    private async Task<EngineAnswer> DomainAsync(
        EngineCall call, StorageDomain domain, string[] rest, EngineFaults faults, CancellationToken cancellationToken)
    {
        switch (call.Method, rest)
        {
            case ("GET", []):
                return EngineAnswer.Ok(_entities.Domain(domain));
            case ("GET", ["files", ..]) when domain.Files is null:
                return EngineAnswer.NothingThere;
            case ("GET", ["files"]):
                // `search` and `case_sensitive` are documented for files, and ignored.
                var (names, failure) = await ListAsync(domain, call.Flag("refresh", empty: null) ?? RefreshesByDefault, faults, cancellationToken);
                return failure ?? EngineAnswer.Ok(
                    EngineEntities.Collection("files", names.Take(call.Number("max") ?? int.MaxValue).Select(n => EngineEntities.File(domain, n))));
            case ("GET", ["files", var name]):
                var (all, broken) = await ListAsync(domain, call.Flag("refresh", empty: null) ?? RefreshesByDefault, faults, cancellationToken);
                return broken ?? (all.Contains(name, StringComparer.Ordinal) ? EngineAnswer.Ok(EngineEntities.File(domain, name)) : EngineAnswer.NothingThere);
            default:
                return rest is [] or ["files"] or ["files", _] ? new EngineAnswer.Page(405, "Method Not Allowed") : EngineAnswer.NothingThere;
        }
    }

    private async Task<(IReadOnlyList<string> Names, EngineAnswer? Failure)> ListAsync(
        StorageDomain domain, bool refresh, EngineFaults faults, CancellationToken cancellationToken)
    {
        var listing = await domain.Files!.ListAsync(refresh, faults, c => inventory.StatusOf(domain, c, faults), cancellationToken);
        if (listing is IsoListing.Files files)
        {
            if (files.Refreshed)
            {
                inventory.Tell(998, "normal", $"Refresh image list succeeded for domain(s): {domain.Name} (All file type)");
            }

            return (files.Names, null);
        }

        if (listing is IsoListing.Failed { WithNull: true })
        {
            return ([], EngineAnswer.Fault(500, "Operation Failed", null));
        }

        inventory.Tell(997, "error", $"Refresh image list failed for domain(s): {domain.Name} (All file type). Please check domain activity.");
        return ([], EngineAnswer.Fault(
            400, "Operation Failed", "engineexception: images not supported error (failed with error images_not_supported_error and code 329)"));
    }

    private EngineAnswer Center(EngineCall call, DataCenter center, string[] rest, EngineFaults faults)
    {
        var attached = inventory.Domains.Where(d => d.DataCenters.Contains(center.Name, StringComparer.Ordinal));
        switch (call.Method, rest)
        {
            case ("GET", []):
                return EngineAnswer.Ok(EngineEntities.DataCenter(center));
            case ("GET", ["clusters"]):
                return EngineAnswer.Ok(EngineEntities.Collection("clusters", [EngineEntities.Cluster(center)]));
            case ("GET", ["storagedomains"]):
                return EngineAnswer.Ok(EngineEntities.Collection("storage_domains", attached.Select(d => _entities.AttachedDomain(d, center, faults))));
            case (_, ["storagedomains", var id, ..]) when !Guid.TryParseExact(id, "D", out _):
                return EngineAnswer.Fault(400, "Operation failed", $"Invalid UUID string: {id}");
            case (_, ["storagedomains", var id, .. var action]):
                return attached.FirstOrDefault(d => d.Id == Guid.ParseExact(id, "D")) is { } domain
                    ? Attached(call, domain, center, action, faults)
                    : EngineAnswer.NotFound("storage_domain");
            default:
                return EngineAnswer.NothingThere;
        }
    }

    private EngineAnswer Attached(EngineCall call, StorageDomain domain, DataCenter center, string[] action, EngineFaults faults)
    {
        var status = inventory.StatusOf(domain, center.Name, faults);
        switch (call.Method, action)
        {
            case ("GET", []):
                return EngineAnswer.Ok(_entities.AttachedDomain(domain, center, faults));
            case ("POST", ["deactivate"]) when status == DomainStatus.Active:
                inventory.SetStatus(domain, center.Name, DomainStatus.Maintenance);
                return EngineAnswer.Ok(EngineEntities.Action("complete"));
            case ("POST", ["activate"]) when status != DomainStatus.Active:
                inventory.SetStatus(domain, center.Name, DomainStatus.Active);
                return EngineAnswer.Ok(EngineEntities.Action("complete"));
            case ("POST", ["activate" or "deactivate"]):
                return EngineAnswer.Fault(409, "Operation Failed", $"[Cannot {action[0]} Storage. The relevant Storage Domain's status is {status}.]");
            default:
                return EngineAnswer.NothingThere;
        }
    }
}
