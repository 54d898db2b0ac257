using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Swarm;

namespace IsoCatalog.Appliance.Sync;

/// <summary>Keeps the swarm's peers, and whom it admits, as the trust document and the configuration have them, and its limits as the hour has them.</summary>
internal sealed class SwarmUpkeep(
    SwarmEngine swarm, SiteLedger ledger, FleetPeers peers, LiveConfiguration configuration, Setbacks setbacks, TimeProvider time, ILogger<SwarmUpkeep> log)
    : LastingLoop(new Restarts("Keeping the peers and limits of the swarm", setbacks, time, log))
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private IReadOnlyList<SwarmPeer> _told = [];

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            var fleet = ledger.Fleet;
            IReadOnlyList<SwarmPeer> now =
            [
                .. peers.Effective(fleet).SelectMany(p => fleet.TlsKeysOf(p.Site).Select(key => new SwarmPeer(p.Site, p.Swarm, key))),
            ];
            if (!now.SequenceEqual(_told))
            {
                swarm.SetPeers(now);
                _told = now;
            }

            var (download, upload) = RateSchedule.At(configuration.Now.Fetch, time.GetUtcNow());
            swarm.DownloadLimit = download;
            swarm.UploadLimit = upload;
            swarm.PlainAllow = configuration.Now.Listen.StandardAllow;
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
