using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace IsoCatalog.Simulators.Engine;

/// <summary>What the engine's database knows. The ids of things that nobody gave one are derived from their names, so that they are the same each time.</summary>
internal sealed class EngineInventory : IDisposable
{
    private readonly ConcurrentDictionary<(Guid Domain, string Center), string> _status = new();
    private readonly ConcurrentQueue<EngineEvent> _events = new();
    private readonly TimeProvider _time;
    private int _eventId;

    /// <exception cref="ArgumentException">What an engine would not have let happen.</exception>
    public EngineInventory(EngineOptions options)
    {
        _time = options.Time;
        var names = options.Domains.SelectMany(d => d.DataCenters).Concat(options.Machines.Select(m => m.DataCenter)).Distinct(StringComparer.Ordinal);
        DataCenters = [.. names.Select(n => new DataCenter(IdOf("data center", n), n))];
        if (options.Domains.SelectMany(d => d.DataCenters).GroupBy(c => c, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"Data center {twice.Key}: cannot attach more than one ISO domain to a data center.", nameof(options));
        }

        if (options.Domains.GroupBy(d => d.Id).FirstOrDefault(g => g.Count() > 1) is { } same)
        {
            throw new ArgumentException($"Domain {same.Key:D} is there twice.", nameof(options));
        }

        Domains =
        [
            .. options.Domains.Select(d => new StorageDomain(d.Id, d.Name, d.DataCenters, d, new IsoRepository(d, options.Time))),
            .. DataCenters.Select(c => new StorageDomain(IdOf("data domain", c.Name), "data-" + c.Name, [c.Name], null, null)),
        ];
        foreach (var domain in Domains)
        {
            foreach (var center in domain.DataCenters)
            {
                _status[(domain.Id, center)] = DomainStatus.Active;
            }
        }

        Machines = [.. options.Machines.Select(m => new Machine(IdOf("machine", m.Name), m.Name, CenterNamed(m.DataCenter)!))];
    }

    public IReadOnlyList<DataCenter> DataCenters { get; }

    public IReadOnlyList<StorageDomain> Domains { get; }

    public IReadOnlyList<Machine> Machines { get; }

    /// <summary>Newest first.</summary>
    public IEnumerable<EngineEvent> Events => _events.Reverse();

    public static Guid ClusterOf(DataCenter center) => IdOf("cluster", center.Name);

    public DataCenter? CenterNamed(string name) => DataCenters.FirstOrDefault(c => c.Name == name);

    public string StatusOf(StorageDomain domain, string center, EngineFaults faults) =>
        domain.Iso is not null && faults.Status.TryGetValue(center, out var forced) ? forced : _status[(domain.Id, center)];

    public void SetStatus(StorageDomain domain, string center, string status) => _status[(domain.Id, center)] = status;

    public void Tell(int code, string severity, string description)
    {
        _events.Enqueue(new EngineEvent(Interlocked.Increment(ref _eventId), code, severity, description, _time.GetUtcNow()));
        while (_events.Count > 1000)
        {
            _events.TryDequeue(out _);
        }
    }

    public void Dispose()
    {
        foreach (var domain in Domains)
        {
            domain.Files?.Dispose();
        }
    }

    private static Guid IdOf(string kind, string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes($"{kind} {name}")).AsSpan(0, 16));
}

internal sealed record DataCenter(Guid Id, string Name);

/// <param name="Iso">Null: a data domain, which has no files.</param>
internal sealed record StorageDomain(Guid Id, string Name, IReadOnlyList<string> DataCenters, EngineDomain? Iso, IsoRepository? Files);

/// <summary>A virtual machine with one CD drive.</summary>
internal sealed class Machine(Guid id, string name, DataCenter dataCenter)
{
    public Guid Id => id;

    public string Name => name;

    public DataCenter DataCenter => dataCenter;

    /// <summary>In the drive at the next start. Null: empty.</summary>
    public string? Disc { get; set; }

    /// <summary>In the drive now, or when the machine went down: an engine does not forget it then. Null: empty.</summary>
    public string? CurrentDisc { get; set; }

    public bool IsUp { get; set; }
}

internal sealed record EngineEvent(int Id, int Code, string Severity, string Description, DateTimeOffset Time);
