using System.Security.Cryptography;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Sync;

/// <summary>
/// Computes the flat SHA-256 of images that came from other sites. The signed root let them be offered at once; this says afterwards, one image at a
/// time, whether the pair that was signed is true.
/// </summary>
internal sealed class Confirmation(
    SiteLedger ledger, StoreBook book, ImageStore store, EventLog events, Setbacks setbacks, TimeProvider time, ILogger<Confirmation> log) : LastingLoop(new Restarts("Confirming what came from other sites", setbacks, time, log))
{
    private readonly Rounds _rounds = new(ledger, setbacks, TimeSpan.FromMinutes(1), time, log);

    protected override Task RunAsync(CancellationToken stoppingToken) => _rounds.RunAsync(Chores, stoppingToken);

    private IEnumerable<Chore> Chores()
    {
        foreach (var root in ledger.View.Store.Keys)
        {
            // The one before may have taken minutes, and said something about this one too.
            var view = ledger.View;
            if (view.Store.GetValueOrDefault(root) is StoreFile.Present { Receipt: var receipt }
                && view.ImagesOf(root).FirstOrDefault(i => !i.Deleted && view.Computed.Verdict(i.Value) is null) is { } image)
            {
                yield return Chore.Of($"Confirming the SHA-256 of {image.FileName}", image.Id, c => Confirm(image, c)) with { With = receipt.Inode };
            }
        }
    }

    private void Confirm(CatalogImage image, CancellationToken cancellationToken)
    {
        var path = store.Folders.StoreFile(image.Value.Root);
        using var flat = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var tree = new RootHasher();
        long size;
        using (var reader = new UncachedReader(path))
        {
            size = reader.Length;
            reader.ReadAll(
                bytes =>
                {
                    flat.AppendData(bytes);
                    tree.Append(bytes);
                },
                cancellationToken);
        }

        // Both from the same bytes: what is recorded now is believed for ever.
        var computed = new ImageId(new Sha256Digest(flat.GetHashAndReset()));
        if (tree.Complete() != image.Value.Root)
        {
            book.TryDoubt(image.Value.Root, _ => true, $"{path} has other bytes than when it was last read.");
            return;
        }

        book.RecordComputed(new ComputedPair(computed, image.Value.Root, size, time.GetUtcNow()));
        if (computed == image.Id && size == image.Value.Size)
        {
            return;
        }

        if (!ledger.View.ImagesOf(image.Value.Root).Any())
        {
            store.SetAside(image.Value.Root, computed, time.GetUtcNow());
        }

        events.Add("drift", ledger.View.FileOf(image.Id) is StoreFile.Lost { Reason: var reason } ? reason
            : $"{image.FileName} was not what {image.Stamp.Site} signed that it is; the right bytes are fetched.", image.Id, code: ReasonCode.Disputed);
        Log.FalsePair(log, image.Id, image.Stamp.Site, computed.Sha256);
    }
}
