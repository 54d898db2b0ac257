using System.Collections.Frozen;
using System.Net;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using IsoCatalog.Core.Readiness;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// What the appliance asks an oVirt engine (REST API v4) about one ISO domain. Only status 200 with JSON of the right form is an answer; everything else is an
/// <see cref="EngineException"/>, never an empty list. Thread-safe.
/// </summary>
internal sealed partial class EngineClient : IAsyncDisposable
{
    private const int MaxSmall = 1 << 20;
    private const int MaxLarge = 64 << 20;
    private const int MaxDataCenters = 100;
    private const int MaxMachines = 20_000;
    private const int MaxName = 1024;

    private static readonly FrozenSet<string> Known = FrozenSet.Create(StringComparer.Ordinal, "actions", "size", "active", "total", "link");

    private readonly OvirtIsoDomainOptions _options;
    private readonly EngineTransport _transport;
    private readonly EngineSession _session;
    private readonly ResiliencePipeline _asking;
    private readonly ResiliencePipeline _once;

    public EngineClient(OvirtIsoDomainOptions options, TimeProvider time)
    {
        _options = options;
        _transport = new EngineTransport(options.Engine, time);
        _session = new EngineSession(options.Engine, options.Timing, _transport, time);
        var breaker = new CircuitBreakerStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<EngineException>(e => e.Passing),
            FailureRatio = 1,
            MinimumThroughput = 4,
            SamplingDuration = TimeSpan.FromMinutes(1),
            BreakDuration = options.Timing.Break > TimeSpan.FromMilliseconds(500) ? options.Timing.Break : TimeSpan.FromMilliseconds(500),
        };
        _once = new ResiliencePipelineBuilder { TimeProvider = time }.AddCircuitBreaker(breaker).Build();
        _asking = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<EngineException>(e => e.Passing),
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromMilliseconds(200),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .AddPipeline(_once)
            .Build();
    }

    private string Domain => $"api/storagedomains/{_options.Domain:D}";

    /// <summary>The domain, and its status in each data center that it is attached to.</summary>
    public async Task<(string Name, IReadOnlyList<(string Id, string Status)> DataCenters)> DomainAsync(CancellationToken cancellationToken)
    {
        var domain = await ReadAsync(Domain, EngineJson.Default.StorageDomainAnswer, cancellationToken)
            ?? throw new EngineException(ReasonCode.SurfaceMissing, $"The engine has no storage domain {_options.Domain:D}, or {_options.Engine.User} may not see it.");
        if (!string.Equals(domain.Id, _options.Domain.ToString("D"), StringComparison.OrdinalIgnoreCase))
        {
            throw Strange(Domain);
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
            if (await ReadAsync($"api/datacenters/{id}/storagedomains/{_options.Domain:D}", EngineJson.Default.StorageDomainAnswer, cancellationToken) is { } there)
            {
                statuses.Add((id, Word(there.Status)));
            }
        }

        return (Name(domain.Name ?? ""), statuses);
    }

    /// <summary>Names of data centers and their clusters, as far as the user may read them.</summary>
    public async Task<(IReadOnlyDictionary<string, string> DataCenters, ILookup<string, Cluster> Clusters)> PlacesAsync(CancellationToken cancellationToken)
    {
        var centers = await ReadAsync("api/datacenters", EngineJson.Default.DataCenterList, cancellationToken);
        var clusters = await ReadAsync("api/clusters", EngineJson.Default.ClusterList, cancellationToken);
        return (
            (centers?.DataCenter ?? []).Where(d => d is { Id: not null, Name: not null }).DistinctBy(d => d.Id)
                .ToDictionary(d => d.Id!, d => Name(d.Name!), StringComparer.Ordinal),
            (clusters?.Cluster ?? []).Where(c => c is { Id: not null, Name: not null, DataCenter.Id: not null })
                .ToLookup(c => c.DataCenter!.Id!, c => new Cluster(Name(c.Id!), Name(c.Name!)), StringComparer.Ordinal));
    }

    /// <summary>Has a host of each data center list the domain, and gives what the engine then lists: expensive, and an event in the engine's log. Without
    /// the force it might be an old list.</summary>
    public Task<FrozenSet<string>> FilesAsync(CancellationToken cancellationToken) => GuardAsync(
        _once,
        async token =>
        {
            var path = $"{Domain}/files?refresh=true";
            var answer = await _session.GetAsync(path, MaxLarge, _options.Timing.Refresh, token);
            if (answer.Status != HttpStatusCode.OK)
            {
                throw Failure(answer, path);
            }

            return answer.As(EngineJson.Default.FileList) is { } list
                && (list.File is not null || list.Others is null || list.Others.Keys.All(Known.Contains))
                && (list.File ?? []).All(f => (f?.Name ?? f?.Id) is { Length: > 0 and <= MaxName })
                ? (list.File ?? []).Select(f => (f.Name ?? f.Id)!).ToFrozenSet(StringComparer.Ordinal)
                : throw Strange(path);
        },
        cancellationToken);

    /// <summary>Files in drives, and one machine that has each; of the clusters given, or of all when none is known.</summary>
    public async Task<IReadOnlyDictionary<string, string>> DrivesAsync(IReadOnlySet<string> clusters, CancellationToken cancellationToken)
    {
        var list = await ReadAsync("api/vms?follow=cdroms", EngineJson.Default.MachineList, cancellationToken)
            ?? throw new EngineException(ReasonCode.SurfaceUnreachable, "The engine does not tell its virtual machines.");
        var machines = list.Vm ?? [];
        if (machines.Count > MaxMachines)
        {
            throw new EngineException(ReasonCode.SurfaceUnreachable, $"The engine has more than {MaxMachines:N0} virtual machines.");
        }

        var held = new Dictionary<string, string>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            machines.Where(m => m is not null && (clusters.Count == 0 || m.Cluster?.Id is not { } cluster || clusters.Contains(cluster))),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (machine, token) =>
            {
                var path = $"api/vms/{Checked(machine.Id)}/cdroms";
                var drives = machine.Cdroms ?? await ReadAsync(path, EngineJson.Default.DriveList, token);
                var current = machine.Status is null or "down" ? null : await ReadAsync(path + "?current=true", EngineJson.Default.DriveList, token);
                foreach (var file in new[] { drives, current }.SelectMany(d => d?.Cdrom ?? []).Select(d => d?.File?.Id).OfType<string>())
                {
                    lock (held)
                    {
                        held.TryAdd(file, Name(machine.Name ?? machine.Id!));
                    }
                }
            });
        return held;
    }

    public async ValueTask DisposeAsync()
    {
        await _session.LogOutAsync(CancellationToken.None);
        _session.Dispose();
        _transport.Dispose();
    }

    /// <returns>Null for 404.</returns>
    private Task<T?> ReadAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class => GuardAsync(
        _asking,
        async token =>
        {
            var answer = await _session.GetAsync(path, path.StartsWith("api/vms?", StringComparison.Ordinal) ? MaxLarge : MaxSmall, _options.Timing.Answer, token);
            return answer.Status switch
            {
                HttpStatusCode.OK => answer.As(type) ?? throw Strange(path),
                HttpStatusCode.NotFound => null,
                _ => throw Failure(answer, path),
            };
        },
        cancellationToken);

    private async Task<T> GuardAsync<T>(ResiliencePipeline pipeline, Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await pipeline.ExecuteAsync(async token => await ask(token), cancellationToken);
        }
        catch (BrokenCircuitException broken)
        {
            throw new EngineException(
                ReasonCode.SurfaceUnreachable,
                broken.InnerException?.Message ?? $"The engine {_options.Engine.Url} failed several times in a row; it is asked again in a few seconds.",
                broken);
        }
    }

    private EngineException Failure(in EngineAnswer answer, string path) => answer.IsGateway
        ? new EngineException(ReasonCode.SurfaceUnreachable, $"The engine {_options.Engine.Url} is not up behind its web server: {answer.Words()}.") { Passing = true }
        : new EngineException(
            path.EndsWith("refresh=true", StringComparison.Ordinal) ? ReasonCode.EngineRefreshFailed : ReasonCode.SurfaceUnreachable,
            $"The engine answered {path} with {answer.Words()}.");

    private EngineException Strange(string path) => new(
        ReasonCode.SurfaceUnreachable, $"What {_options.Engine.Url} answered to {path} is not an engine's answer: is the URL right?");

    /// <summary>An id that goes into a path.</summary>
    private static string Checked(string? id) => id is not null && Id().IsMatch(id)
        ? id
        : throw new EngineException(ReasonCode.SurfaceUnreachable, "The engine gave an id that is none.");

    private static string Word(string? status) => status is not null && Status().IsMatch(status) ? status : "unknown";

    private static string Name(string name) => Folders.FolderObservation.Printable(name.Length > 255 ? name[..255] : name);

    [GeneratedRegex("^[0-9A-Za-z-]{1,64}$", RegexOptions.NonBacktracking)]
    private static partial Regex Id();

    [GeneratedRegex("^[a-z_]{1,40}$", RegexOptions.NonBacktracking)]
    private static partial Regex Status();
}
