using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Keeping;

/// <summary>
/// Brings the store's files in line with the catalog: what is deleted and free moves to retired, what is restored moves back, what is doubted is read
/// and either trusted again or set aside. One loop, so these moves never cross.
/// </summary>
internal sealed class StoreKeeper(SiteLedger ledger, StoreBook book, ImageStore store, TimeProvider time, ILogger<StoreKeeper> log) : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        FindMoved(stoppingToken);
        var signal = ledger.Signal();
        while (await signal.WaitToReadAsync(stoppingToken))
        {
            signal.TryRead(out _);
            try
            {
                foreach (var image in ledger.View.Catalog.Images.Values)
                {
                    stoppingToken.ThrowIfCancellationRequested();
                    Tend(image, stoppingToken);
                }
            }
            catch (Exception e) when (DiskFault.IsOutside(e) || e is Microsoft.Data.Sqlite.SqliteException)
            {
                Log.WillRetry(log, "Tending the store", e);
                await Task.Delay(RetryAfter, time, stoppingToken);
            }
        }
    }

    /// <summary>One step for one image, if it needs one.</summary>
    private void Tend(CatalogImage image, CancellationToken cancellationToken)
    {
        var view = ledger.View;
        switch (view.FileOf(image))
        {
            case StoreFile.Present present when CellPlan.MayRetire(view, image.Value.Root):
                if (book.TryMove(
                    image.Value.Root,
                    v => CellPlan.MayRetire(v, image.Value.Root),
                    () => new StoreFile.Retired(store.Retire(image, present.Receipt), time.GetUtcNow())))
                {
                    Log.Retired(log, image.FileName, image.Id);
                }

                break;
            case StoreFile.Retired retired when !image.Deleted:
                Return(image, retired, cancellationToken);
                break;
            case StoreFile.Doubted when !image.Deleted:
            case null when !image.Deleted:
                Read(image, cancellationToken);
                break;
            default:
                break;
        }
    }

    /// <summary>At the start: a crash between a move to retired and its record leaves the file of a deleted image where nobody looks for it.</summary>
    private void FindMoved(CancellationToken cancellationToken)
    {
        foreach (var image in ledger.View.Catalog.Images.Values.Where(i => i.Deleted))
        {
            if (ledger.View.FileOf(image) is StoreFile.Present or StoreFile.Retired)
            {
                continue;
            }

            if (ImageStore.Read(store.Folders.RetiredFile(image.Value.Root), image.Value.Root, null, cancellationToken) is StoreRead.Right retired)
            {
                book.Set(image.Value.Root, new StoreFile.Retired(retired.Receipt, time.GetUtcNow()));
            }
            else if (ImageStore.Read(store.Folders.StoreFile(image.Value.Root), image.Value.Root, null, cancellationToken) is StoreRead.Right stored)
            {
                book.Set(image.Value.Root, new StoreFile.Present(stored.Receipt));
            }
        }
    }

    private void Return(CatalogImage image, StoreFile.Retired retired, CancellationToken cancellationToken)
    {
        var path = store.Folders.RetiredFile(image.Value.Root);
        switch (ImageStore.Read(path, image.Value.Root, null, cancellationToken))
        {
            case StoreRead.Right right:
                if (book.TryMove(
                    image.Value.Root,
                    v => v.Catalog.Images.GetValueOrDefault(image.Id) is { Deleted: false } now && v.FileOf(now) is StoreFile.Retired,
                    () => new StoreFile.Present(store.Return(image, right.Receipt))))
                {
                    Log.Restored(log, image.FileName);
                }

                break;
            case StoreRead.Wrong wrong:
                book.Set(image.Value.Root, new StoreFile.Lost(ReasonCode.StoreDamaged, Remedy(image, wrong.Reason), time.GetUtcNow()));
                break;
            case StoreRead.Gone:
                // A crash between the move back and its record: then it is in the store already.
                Read(image, cancellationToken);
                break;
        }
    }

    /// <summary>Any doubt ends here: the bytes are read past the cache, and they are right or they are not.</summary>
    private void Read(CatalogImage image, CancellationToken cancellationToken)
    {
        var path = store.Folders.StoreFile(image.Value.Root);
        while (ledger.View.FileOf(image) is var doubted
            && !Conclude(image, path, doubted, ImageStore.Read(path, image.Value.Root, null, cancellationToken)))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Reading takes minutes. If the image was added again meanwhile, what was read is no news about the new file, which must not be set aside.</summary>
    /// <returns>False when the file's ctime moved after it was read: then it is read again.</returns>
    internal bool Conclude(CatalogImage image, string path, StoreFile? doubted, StoreRead read)
    {
        var concluded = true;
        book.TryMove(image.Value.Root, v => v.FileOf(image) == doubted, () =>
        {
            switch (read)
            {
                case StoreRead.Right right when ImageStore.Doubt(path, right.Receipt) is null:
                    Log.StillWhole(log, path);
                    return new StoreFile.Present(right.Receipt);
                case StoreRead.Right:
                    concluded = false;
                    return doubted;
                case not StoreRead.Right when store.Absence() is not null:
                    // Nothing is known of it until the folder is back.
                    return doubted;
                case StoreRead.Gone when doubted is null && !ledger.View.Others.IsEmpty:
                    return new StoreFile.Fetching(time.GetUtcNow(), 0, ReasonCode.WaitingForSource, "Its bytes are wanted from other sites.");
                case StoreRead.Gone when doubted is null && !IsOurs(image):
                    // Another site's image that was never fetched is not lost.
                    return null;
                case StoreRead.Gone gone:
                    return new StoreFile.Lost(ReasonCode.StoreMissing, Remedy(image, gone.Reason), time.GetUtcNow());
                case StoreRead.Wrong wrong:
                    if (store.SetAside(image.Value.Root, image.Id, time.GetUtcNow()) is { } aside)
                    {
                        Log.Quarantined(log, path, aside, wrong.Reason);
                    }

                    return new StoreFile.Lost(ReasonCode.StoreDamaged, Remedy(image, wrong.Reason), time.GetUtcNow());
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        });
        return concluded;
    }

    /// <summary>Did this site itself say that it has it?</summary>
    private bool IsOurs(CatalogImage image) =>
        ledger.View.Catalog.Registers.GetValueOrDefault(RegisterKey.OfImage(image.Id))?.Of(ledger.Fleet.Site) is not null;

    private string Remedy(CatalogImage image, string reason) => ledger.View.Others.IsEmpty
        ? $"The site's own copy is not usable: {reason}. Add {image.FileName} again (isocatalog add FILE) to bring it back."
        : $"The site's own copy is not usable: {reason}. It is mended from other sites.";
}
