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

    /// <summary>Opens the lease's URL; null where its surface gives none or the store's copy is not usable now.</summary>
    public SurfaceMount? Open(Lease lease)
    {
        var surface = surfaces.First(s => s.Description.Name == lease.Surface);
        var view = ledger.View;
        var stored = store.Stored(view, lease.Image);
        if (surface is not ILeaseUrls urls || lease.Token is null)
        {
            return stored is null ? null : surface.MountOf(stored, view.CellOf(lease.Image, lease.Surface)?.Evidence);
        }

        if (stored is null || !IPAddress.TryParse(lease.Client, out var bmc))
        {
            return null;
        }

        lock (_gate)
        {
            _open[lease.Id] = (urls, lease.Token);
            return urls.AddLease(lease.Token, stored, bmc);
        }
    }

    /// <summary>Brings all of them in line; called at the start before anybody can ask.</summary>
    public void Apply()
    {
        foreach (var lease in Leases())
        {
            Open(lease);
        }
    }

    protected override Task RunAsync(CancellationToken stoppingToken) => _rounds.RunAsync(Chores, stoppingToken);

    private IEnumerable<Chore> Chores() => Leases()
        .Select(lease => Chore.Of($"Keeping open the URL of the lease {lease.Id}", lease.Image, _ => Open(lease)))
        .Append(Chore.Of("Closing the URLs of leases that ended", null, _ => Close()));

    private IEnumerable<Lease> Leases() => ledger.View.Leases.Values.Where(lease => surfaces.Any(s => s.Description.Name == lease.Surface));

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
