using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Swarm;

namespace IsoCatalog.Appliance.Sync;

/// <summary>Serves to other sites exactly what the store vouches for: a doubt about a file ends its seeding first.</summary>
internal sealed class Seeding(SiteLedger ledger, ImageStore store, SwarmEngine swarm, TorrentSource torrents, TimeProvider time, ILogger<Seeding> log) : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    private readonly Dictionary<Sha256Digest, Receipt> _seeded = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var signal = ledger.Signal();
        while (await signal.WaitToReadAsync(stoppingToken))
        {
            signal.TryRead(out _);
            if (!await TendAsync(ledger.View, stoppingToken))
            {
                await Task.Delay(RetryAfter, time, stoppingToken);
            }
        }
    }

    /// <returns>False when something could not be seeded that should be.</returns>
    private async Task<bool> TendAsync(SiteView view, CancellationToken cancellationToken)
    {
        var wanted = view.Store
            .Where(s => s.Value is StoreFile.Present)
            .Select(s => (Image: view.ImagesOf(s.Key).FirstOrDefault(i => i.IsVisible), ((StoreFile.Present)s.Value).Receipt))
            .Where(s => s.Image is not null)
            .ToDictionary(s => s.Image!.Value.Root, s => (Image: s.Image!, s.Receipt));
        foreach (var root in _seeded.Keys.Where(r => !wanted.ContainsKey(r)).ToList())
        {
            await swarm.StopAsync(root);
            _seeded.Remove(root);
        }

        var all = true;
        foreach (var (root, (image, receipt)) in wanted)
        {
            // The ctime of a file moves with its links; the inode says whether it is another file.
            if (!_seeded.TryGetValue(root, out var seeded) || seeded.Inode != receipt.Inode)
            {
                all &= TrySeed(image, receipt, cancellationToken);
            }
        }

        return all;
    }

    private bool TrySeed(CatalogImage image, Receipt receipt, CancellationToken cancellationToken)
    {
        try
        {
            if (torrents.OfStored(image, cancellationToken) is not { } torrent)
            {
                Log.NotSeeded(log, image.FileName, "what the catalog says of its torrent does not belong to its bytes.");
                return true;
            }

            swarm.Seed(torrent, store.Folders.StoreFile(image.Value.Root));
            _seeded[image.Value.Root] = receipt;
            return true;
        }
        catch (Exception e) when (DiskFault.IsOutside(e) || e is InvalidOperationException)
        {
            Log.NotSeeded(log, image.FileName, e.Message);
            return false;
        }
    }
}
