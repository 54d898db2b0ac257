namespace IsoCatalog.Simulators.Engine;

/// <summary>
/// The engine's list of one ISO domain's files, and how it comes about (ovirt-engine, IsoDomainListSynchronizer): a table that is replaced by what the
/// host of each data center finds, one refresh at a time. Thread-safe.
/// </summary>
internal sealed class IsoRepository(EngineDomain domain, TimeProvider time) : IDisposable
{
    /// <summary>RepoDomainInvalidateCacheTimeInMinutes.</summary>
    private static readonly TimeSpan Validity = TimeSpan.FromMinutes(1);

    /// <summary>The column is a varchar(256), so that one longer name fails the insertion and with it the refresh.</summary>
    private const int MaxName = 256;

    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<string, HostView> _views = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<string> _listed = [];
    private DateTimeOffset? _refreshed;
    private int _refreshes;

    /// <summary>How often hosts were to be asked; a refresh without an active data center counts.</summary>
    public int Refreshes => Volatile.Read(ref _refreshes);

    /// <summary>What is in the table now, however old.</summary>
    public IReadOnlyList<string> Listed => _listed;

    /// <summary>The list, after a refresh if that is forced or the list is older than a minute.</summary>
    /// <param name="statusIn">The status of this domain in a data center.</param>
    public async Task<IsoListing> ListAsync(bool force, EngineFaults faults, Func<string, string> statusIn, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (!force && time.GetUtcNow() <= _refreshed + Validity)
            {
                return new IsoListing.Files(_listed, false);
            }

            Interlocked.Increment(ref _refreshes);
            if (faults.RefreshDelay > TimeSpan.Zero)
            {
                await Task.Delay(faults.RefreshDelay, time, cancellationToken);
            }

            return Refresh(faults, statusIn);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private IsoListing Refresh(EngineFaults faults, Func<string, string> statusIn)
    {
        // Where the domain is not active it is passed over in silence: with no active data center the old list is a success.
        foreach (var center in domain.DataCenters.Where(c => statusIn(c) == DomainStatus.Active))
        {
            if (AskHost(center, faults) is not { } found)
            {
                if (faults.FailWithNull)
                {
                    return new IsoListing.Failed(WithNull: true);
                }

                // A reported failure stamps the list as new all the same.
                _refreshed = time.GetUtcNow();
                return new IsoListing.Failed(WithNull: false);
            }

            _listed = found;
        }

        _refreshed = time.GetUtcNow();
        return new IsoListing.Files(_listed, true);
    }

    /// <returns>Null: the host could not tell.</returns>
    private IReadOnlyList<string>? AskHost(string center, EngineFaults faults)
    {
        if (faults.FailingDataCenters.Contains(center, StringComparer.Ordinal))
        {
            return null;
        }

        IReadOnlyList<string> found;
        try
        {
            found = HostListing.Of(IsoDomainFolder.FilesOf(domain.Path, domain.Id), above: 3);
        }
        catch (HostListingException)
        {
            return null;
        }

        if (found.Any(n => n.Length > MaxName))
        {
            return null;
        }

        if (!_views.TryGetValue(center, out var view))
        {
            _views[center] = view = new HostView();
        }

        // The order of the table is nobody's promise; this one is not the one that a client would hope for.
        return [.. view.Of(found, faults.Lag, time.GetUtcNow()).Except(faults.Hide).Union(faults.Invent).OrderDescending(StringComparer.Ordinal)];
    }

    /// <summary>A host's view of the directory through the attribute cache of its mount.</summary>
    private sealed class HostView
    {
        private readonly Dictionary<string, DateTimeOffset> _changing = new(StringComparer.Ordinal);
        private HashSet<string> _seen = new(StringComparer.Ordinal);

        public IReadOnlyCollection<string> Of(IReadOnlyList<string> there, TimeSpan lag, DateTimeOffset now)
        {
            var changed = _seen.ToHashSet(StringComparer.Ordinal);
            changed.SymmetricExceptWith(there);
            foreach (var over in _changing.Keys.Except(changed).ToList())
            {
                _changing.Remove(over);
            }

            var next = _seen.ToHashSet(StringComparer.Ordinal);
            foreach (var name in changed)
            {
                if (lag > TimeSpan.Zero && !(_changing.TryGetValue(name, out var since) && now >= since + lag))
                {
                    _changing.TryAdd(name, now);
                    continue;
                }

                _changing.Remove(name);
                if (!next.Remove(name))
                {
                    next.Add(name);
                }
            }

            return _seen = next;
        }
    }
}

/// <summary>What a query for the files of a domain comes to.</summary>
internal abstract record IsoListing
{
    private IsoListing()
    {
    }

    public sealed record Files(IReadOnlyList<string> Names, bool Refreshed) : IsoListing;

    /// <param name="WithNull">The engine stumbled over it instead of reporting it.</param>
    public sealed record Failed(bool WithNull) : IsoListing;
}

/// <summary>StorageDomainStatus of the API, as far as it is reached here.</summary>
internal static class DomainStatus
{
    public const string Active = "active";
    public const string Maintenance = "maintenance";

    public static IReadOnlyList<string> All { get; } =
    [
        Active, "inactive", "locked", "mixed", "unattached", Maintenance, "preparing_for_maintenance", "detaching", "activating", "unknown",
    ];
}
