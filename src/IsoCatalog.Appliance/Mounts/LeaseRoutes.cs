using System.Net;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;

namespace IsoCatalog.Appliance.Mounts;

/// <summary>Keeps the URLs of BMC leases in line with the leases: open as long as the lease lives, across restarts and repairs of the store.</summary>
internal sealed class LeaseRoutes(
    SiteLedger ledger, ImageStore store, IReadOnlyList<ISurface> surfaces, Setbacks setbacks, TimeProvider time, ILogger<LeaseRoutes> log) : LastingLoop(new Restarts("Keeping the URLs of leases", setbacks, time, log))
{
    private readonly Rounds _rounds = new(ledger, setbacks, TimeSpan.FromMinutes(1), time, log);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (ILeaseUrls Surface, string Token)> _open = new(StringComparer.Ordinal);

    /// <summary>What the lease's holder mounts; null where there is none. Opens nothing: a lease that ended meanwhile stays shut, whoever still asks for it.</summary>
    public SurfaceMount? MountOf(Lease lease)
    {
        var view = ledger.View;
        if (view.Catalog.Images.GetValueOrDefault(lease.Image) is not { } image || SurfaceOf(lease) is not { } surface)
        {
            return null;
        }

        var stored = store.Stored(image, default);
        return surface is ILeaseUrls urls && lease.Token is { } token
            ? urls.LeaseMountOf(token, stored)
            : surface.MountOf(stored, view.CellOf(lease.Image, lease.Surface)?.Evidence);
    }

    /// <summary>Opens the lease's URL, if it has one and is in force at this moment.</summary>
    /// <returns>False when it is not in force, or the store's copy is not usable now.</returns>
    public bool Open(Lease lease)
    {
        if (SurfaceOf(lease) is not ILeaseUrls urls || lease.Token is null)
        {
            return true;
        }

        lock (_gate)
        {
            // Looked at here, not before: what ends later than this look finds it in _open, and shuts it.
            var view = ledger.View;
            if (!view.Leases.ContainsKey(lease.Id) || store.Stored(view, lease.Image) is not { } stored || !IPAddress.TryParse(lease.Client, out var bmc))
            {
                return false;
            }

            _open[lease.Id] = (urls, lease.Token);
            urls.AddLease(lease.Token, stored, bmc);
            return true;
        }
    }

    /// <summary>Brings all of them in line: shuts what ended, and opens what is in force. Also called at the start, before anybody can ask.</summary>
    public void Apply()
    {
        Close();
        foreach (var lease in ledger.View.Leases.Values)
        {
            Open(lease);
        }
    }

    protected override Task RunAsync(CancellationToken stoppingToken) => _rounds.RunAsync(Chores, stoppingToken);

    private IEnumerable<Chore> Chores() => ledger.View.Leases.Values
        .Select(lease => Chore.Of($"Keeping open the URL of the lease {lease.Id}", lease.Image, _ => Open(lease)))
        .Append(Chore.Of("Closing the URLs of leases that ended", null, _ => Close()));

    /// <summary>Null for one that is not configured any more.</summary>
    private ISurface? SurfaceOf(Lease lease) => surfaces.FirstOrDefault(s => s.Description.Name == lease.Surface);

    private void Close()
    {
        lock (_gate)
        {
            // Looked at here, not before: every lease in _open was in the ledger first, so what is missing now has ended.
            var leases = ledger.View.Leases;
            foreach (var (id, (surface, token)) in _open.Where(o => !leases.ContainsKey(o.Key)).ToList())
            {
                surface.RemoveLease(token);
                _open.Remove(id);
            }
        }
    }
}
