using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>Looks where a root key may have been left behind: whoever takes this machine and finds one rules the fleet.</summary>
internal sealed class RootKeyWatch(
    SiteConfiguration configuration, SiteFolders folders, SiteAlarms alarms, Setbacks setbacks, TimeProvider time, ILogger<RootKeyWatch> log)
    : LastingLoop(new Restarts("Looking for root keys that were left here", setbacks, time, log))
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        string? before = null;
        do
        {
            var found = RootKeyFile.FindReadable([configuration.Folder, folders.Data, folders.Keys]);
            if (found != before && found is not null)
            {
                Log.RootKeyHere(log, found);
            }

            before = found;
            alarms.Set(
                SiteAlarms.RootKeyPresent,
                found is null ? null : $"{found} is a root key, and this site can read it: whoever takes this machine could let any site in. Copy it to a "
                    + "machine that is not on the network, then delete it here.");
        }
        while (await WaitAsync(timer, stoppingToken));
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
