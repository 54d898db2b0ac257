using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.RegularExpressions;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using Refit;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// What the appliance asks an oVirt engine (REST API v4) about one ISO domain. Only status 200 with JSON of the right form is an answer; everything else is an
/// <see cref="EngineException"/>, never an empty list. Thread-safe.
/// </summary>
internal sealed partial class EngineClient : IAsyncDisposable
{
    private const int MaxDataCenters = 100;
    private const int MaxMachines = 20_000;
    private const int MaxDrives = 16;
    private const int MaxName = 1024;

    private static readonly FrozenSet<string> Known = FrozenSet.Create(StringComparer.Ordinal, "actions", "size", "active", "total", "link");

    private readonly EngineOptions _options;
    private readonly string _domain;
    private readonly EngineSession _session;
    private readonly HttpClient _http;
    private readonly IEngineApi _engine;

    public EngineClient(OvirtIsoDomainOptions options, TimeProvider time)
    {
        (_options, _domain) = (options.Engine, options.Domain.ToString("D"));
        var transport = new EngineTransport(_options, options.Timing, time);
        _session = new EngineSession(_options, options.Timing, Typed<IEngineSso>(Http(transport)), time) { InnerHandler = transport };
        _http = Http(new EngineReading(_options, options.Timing, time) { InnerHandler = _session });
        _engine = Typed<IEngineApi>(_http);
    }

    /// <summary>The domain, and its status in each data center that it is attached to.</summary>
    public async Task<(string Name, IReadOnlyList<(string Id, string Status)> DataCenters)> DomainAsync(CancellationToken cancellationToken)
    {
        var domain = await _engine.DomainAsync(_domain, cancellationToken)
            ?? throw new EngineException(ReasonCode.SurfaceMissing, $"The engine has no storage domain {_domain}, or {_options.User} may not see it.");
        if (!string.Equals(domain.Id, _domain, StringComparison.OrdinalIgnoreCase))
        {
            throw _options.Strange($"api/storagedomains/{_domain}");
        }

        if (domain.Type != "iso")
        {
            throw new EngineException(
                ReasonCode.SurfaceMissing, $"The storage domain {domain.Name} is of type {Word(domain.Type)}, not iso: only an ISO domain lists files by name.");
        }

        var statuses = new List<(string, string)>();
        foreach (var id in (domain.DataCenters?.DataCenter ?? []).Take(MaxDataCenters).Select(d => Checked(d?.Id)))
        {
            // It may have been detached between the two questions.
            if (await _engine.DomainInAsync(id, _domain, cancellationToken) is { } there)
            {
                statuses.Add((id, Word(there.Status)));
            }
        }

        return (Name(domain.Name ?? ""), statuses);
    }

    /// <summary>Names of data centers and their clusters, as far as the user may read them.</summary>
    public async Task<(IReadOnlyDictionary<string, string> DataCenters, ILookup<string, Cluster> Clusters)> PlacesAsync(CancellationToken cancellationToken)
    {
        var centers = await _engine.DataCentersAsync(cancellationToken);
        return (
            (centers?.DataCenter ?? []).Where(d => d is { Id: not null, Name: not null }).DistinctBy(d => d.Id)
                .ToDictionary(d => d.Id!, d => Name(d.Name!), StringComparer.Ordinal),
            await ClustersAsync(cancellationToken));
    }

    /// <summary>By the data center that each is in.</summary>
    public async Task<ILookup<string, Cluster>> ClustersAsync(CancellationToken cancellationToken) =>
        ((await _engine.ClustersAsync(cancellationToken))?.Cluster ?? []).Where(c => c is { Id: not null, Name: not null, DataCenter.Id: not null })
            .ToLookup(c => c.DataCenter!.Id!, c => new Cluster(Name(c.Id!), Name(c.Name!)), StringComparer.Ordinal);

    /// <summary>Has a host of each data center list the domain, and gives what the engine then lists: expensive, and an event in the engine's log. Without
    /// the force it might be an old list.</summary>
    public async Task<FrozenSet<string>> FilesAsync(CancellationToken cancellationToken) =>
        await _engine.FilesAsync(_domain, cancellationToken) is { } list
        && (list.File is not null || list.Others is null || list.Others.Keys.All(Known.Contains))
        && (list.File ?? []).All(f => (f?.Name ?? f?.Id) is { Length: > 0 and <= MaxName })
            ? (list.File ?? []).Select(f => (f.Name ?? f.Id)!).ToFrozenSet(StringComparer.Ordinal)
            : throw _options.Strange($"api/storagedomains/{_domain}/files?{EngineOptions.Refresh}");

    /// <summary>The machines of all clusters but those given, each with what is in its drives. One call, and one for each drive of a machine that is not down.</summary>
    public async Task<IReadOnlyList<MachineDrives>> MachinesAsync(IReadOnlySet<string> without, CancellationToken cancellationToken)
    {
        var list = await _engine.MachinesAsync(cancellationToken);
        if (list is null || (list.Vm is null && list.Others?.Keys.All(Known.Contains) == false))
        {
            throw _options.Strange("api/vms");
        }

        if (list.Vm is { Count: > MaxMachines })
        {
            throw new EngineException(ReasonCode.SurfaceUnreachable, $"The engine has more than {MaxMachines:N0} virtual machines.");
        }

        var found = new ConcurrentBag<MachineDrives>();
        await Parallel.ForEachAsync(
            (list.Vm ?? []).Where(m => m?.Cluster?.Id is not { } cluster || !without.Contains(cluster)),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (machine, token) => found.Add(await DrivesAsync(machine, token)));
        return [.. found];
    }

    /// <summary>Null when there is no such machine any more.</summary>
    public async Task<MachineDrives?> MachineAsync(string id, CancellationToken cancellationToken) =>
        await _engine.MachineAsync(Checked(id), cancellationToken) is { } machine ? await DrivesAsync(machine, cancellationToken) : null;

    public async ValueTask DisposeAsync()
    {
        await _session.LogOutAsync(CancellationToken.None);
        _http.Dispose();
    }

    /// <summary>What a drive held when its machine went down is not forgotten by the engine, and counts no more.</summary>
    private async Task<MachineDrives> DrivesAsync(MachineAnswer? machine, CancellationToken cancellationToken)
    {
        var id = Checked(machine?.Id);
        var drives = (machine!.Cdroms ?? await _engine.DrivesAsync(id, cancellationToken))?.Cdrom ?? [];
        if (drives.Count > MaxDrives || !drives.All(d => d?.Id is not null && Id().IsMatch(d.Id)))
        {
            throw _options.Strange($"api/vms/{id}/cdroms");
        }

        var now = new List<string?>();
        foreach (var drive in machine.Status == "down" ? [] : drives)
        {
            var path = $"api/vms/{id}/cdroms/{drive.Id}?current=true";

            // A machine that was deleted meanwhile is not in the next list of all.
            var there = await _engine.CurrentDriveAsync(id, drive.Id!, cancellationToken)
                ?? throw new EngineException(ReasonCode.SurfaceUnreachable, $"The engine does not answer {path}.");
            now.Add(there.Id == drive.Id ? there.File?.Id : throw _options.Strange(path));
        }

        return new MachineDrives(id, Name(machine.Name ?? id), Discs(drives.Select(d => d.File?.Id)), Discs(now));
    }

    /// <summary>Of a path the last part is what a host opens.</summary>
    private static FrozenSet<string> Discs(IEnumerable<string?> ids) => ids.Select(id => Path.GetFileName(id)).OfType<string>().Where(name => name.Length > 0).ToFrozenSet(StringComparer.Ordinal);

    private HttpClient Http(HttpMessageHandler handler) => new(handler) { BaseAddress = _options.Folder, Timeout = Timeout.InfiniteTimeSpan };

    private T Typed<T>(HttpClient http) => RestService.ForGenerated<T>(http, new RefitSettings(new SystemTextJsonContentSerializer(EngineJson.Default.Options))
    {
        // The handlers have said all but this already.
        ExceptionFactory = _ => default,
        TransportExceptionFactory = (_, failure, _) => failure,
        DeserializationExceptionFactory = (answer, _) => new ValueTask<Exception?>(_options.Strange(_options.PathOf(answer.RequestMessage!))),
    });

    /// <summary>An id that goes into a path.</summary>
    private static string Checked(string? id) => id is not null && Id().IsMatch(id)
        ? id
        : throw new EngineException(ReasonCode.SurfaceUnreachable, "The engine gave an id that is none.");

    private static string Word(string? status) => status is not null && Status().IsMatch(status) ? status : "unknown";

    private static string Name(string name) => Folders.FolderObservation.Printable(ShownText.Cut(name, 255));

    [GeneratedRegex("^[0-9A-Za-z-]{1,64}$", RegexOptions.NonBacktracking)]
    private static partial Regex Id();

    [GeneratedRegex("^[a-z_]{1,40}$", RegexOptions.NonBacktracking)]
    private static partial Regex Status();
}
