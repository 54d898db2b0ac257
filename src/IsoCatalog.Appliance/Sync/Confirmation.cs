using System.Security.Cryptography;
using IsoCatalog.Appliance.Storage;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Sync;

/// <summary>
/// Computes the flat SHA-256 of images that came from other sites. The signed root let them be offered at once; this says afterwards, one image at a
/// time, whether the pair that was signed is true.
/// </summary>
internal sealed class Confirmation(SiteLedger ledger, ImageStore store, EventLog events, TimeProvider time, ILogger<Confirmation> log) : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var signal = ledger.Signal();
        while (await signal.WaitToReadAsync(stoppingToken))
        {
            signal.TryRead(out _);
            try
            {
                while (Next(ledger.View) is { } image)
                {
                    await Task.Run(() => Confirm(image, stoppingToken), stoppingToken);
                }
            }
            catch (Exception e) when (DiskFault.IsOutside(e) || e is Microsoft.Data.Sqlite.SqliteException)
            {
                Log.WillRetry(log, "Confirming a SHA-256", e);
                await Task.Delay(RetryAfter, time, stoppingToken);
            }
        }
    }

    private static CatalogImage? Next(SiteView view) => view.Store
        .Where(s => s.Value is StoreFile.Present && !view.Confirmed.Contains(s.Key))
        .Select(s => view.Catalog.Images.GetValueOrDefault(s.Key))
        .FirstOrDefault(i => i is { Deleted: false });

    private void Confirm(CatalogImage image, CancellationToken cancellationToken)
    {
        var path = store.Folders.StoreFile(image.Value.Root);
        using var flat = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (var reader = new UncachedReader(path))
        {
            reader.ReadAll(flat.AppendData, cancellationToken);
        }

        var sha256 = new Sha256Digest(flat.GetHashAndReset());
        if (sha256 == image.Value.Sha256)
        {
            ledger.Confirm(image.Id);
            return;
        }

        if (ledger.View.Store.GetValueOrDefault(image.Id) is not StoreFile.Present { Receipt: var receipt } || ImageStore.Doubt(path, receipt) is not null)
        {
            // The file is not what it was: that is damage, and others see to it.
            return;
        }

        var reason = $"The site {image.Stamp.Site} signed that {image.FileName} has the SHA-256 {image.Value.Sha256} and the root {image.Value.Root}, "
            + $"but bytes with that root have the SHA-256 {sha256}. It is offered nowhere; find out how {image.Stamp.Site} came to sign it, then remove it.";
        ledger.SetStore(image.Id, new StoreFile.Lost(ReasonCode.Disputed, reason, time.GetUtcNow()));
        store.SetAside(image, time.GetUtcNow());
        events.Add("drift", reason, image.Id, code: ReasonCode.Disputed);
        Log.FalsePair(log, image.Id, image.Stamp.Site, sha256);
    }
}
