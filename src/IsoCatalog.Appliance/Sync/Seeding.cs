using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Swarm;

namespace IsoCatalog.Appliance.Sync;

/// <summary>Serves to other sites exactly what the store vouches for: a doubt about a file ends its seeding first.</summary>
internal sealed class Seeding(
    SiteLedger ledger, ImageStore store, SwarmEngine swarm, TorrentSource torrents, Setbacks setbacks, TimeProvider time, ILogger<Seeding> log)
    : LastingLoop(new Restarts("Serving images to other sites", setbacks, time, log))
{
    private readonly Rounds _rounds = new(ledger, setbacks, TimeSpan.FromMinutes(1), time, log);
    private readonly Dictionary<Sha256Digest, Receipt> _seeded = [];

    protected override Task RunAsync(CancellationToken stoppingToken) => _rounds.RunAsync(Chores, stoppingToken);

    private IEnumerable<Chore> Chores()
    {
        var view = ledger.View;
        var wanted = view.Store
            .Where(s => s.Value is StoreFile.Present)
            .Select(s => (Image: view.ImagesOf(s.Key).FirstOrDefault(i => i.IsVisible), ((StoreFile.Present)s.Value).Receipt))
            .Where(s => s.Image is not null)
            .ToDictionary(s => s.Image!.Value.Root, s => (Image: s.Image!, s.Receipt));
        foreach (var root in _seeded.Keys.Where(r => !wanted.ContainsKey(r)).ToList())
        {
            yield return new Chore($"Ending the seeding of {root}", null, async _ =>
            {
                await swarm.StopAsync(root);
                _seeded.Remove(root);
                return null;
            });
        }

        foreach (var (root, (image, receipt)) in wanted)
        {
            // The ctime of a file moves with its links; the inode says whether it is another file.
            if (!_seeded.TryGetValue(root, out var seeded) || seeded.Inode != receipt.Inode)
            {
                yield return new Chore($"Seeding {image.FileName}", image.Id, c => Task.FromResult(Seed(image, receipt, c))) { With = receipt.Inode };
            }
        }
    }

    /// <returns>Why not, in words; null when it is seeded.</returns>
    private string? Seed(CatalogImage image, Receipt receipt, CancellationToken cancellationToken)
    {
        if (torrents.OfStored(image, cancellationToken) is not { } torrent)
        {
            return "What the catalog says of its torrent does not belong to its bytes.";
        }

        try
        {
            swarm.Seed(torrent, store.Folders.StoreFile(image.Value.Root));
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }

        _seeded[image.Value.Root] = receipt;
        return null;
    }
}
