using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Where every doubt arrives: it withdraws first, and what was doubted is looked into afterwards by its owner. Thread-safe.</summary>
internal sealed class Doubts(SiteLedger ledger, ImageStore store, IsoRoutes routes, ILogger<Doubts> log)
{
    /// <summary>Something is wrong with a published image.</summary>
    /// <param name="seen">The cell as it was before anybody looked.</param>
    /// <param name="found">What is in its place now; null when nothing is, or when that cannot be said.</param>
    public void AboutPublished(ImageId image, string surface, Cell seen, Receipt? found, string code, string reason)
    {
        if (IsStores(image, found) && Agrees(image))
        {
            return;
        }

        ledger.Doubt(new CellKey(image, surface), seen, code, reason);
        if (IsStores(image, seen.Receipt) && !Agrees(image))
        {
            AboutStore(image, $"{reason} It shares its bytes with the store.");
        }
    }

    /// <summary>Something is wrong, or may be, with the store's own copy.</summary>
    public void AboutStore(ImageId image, string reason)
    {
        if (ledger.TryDoubtStore(image, _ => true, reason + " It is being read again."))
        {
            Log.StoreDoubted(log, image, reason);
        }
    }

    /// <summary>Compares the store's files with their receipts; reads no bytes.</summary>
    public void StatStore(CancellationToken cancellationToken)
    {
        foreach (var image in ledger.View.Store.Keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            StatStore(image);
        }
    }

    public void StatStore(ImageId image)
    {
        if (ledger.View.Store.GetValueOrDefault(image) is StoreFile.Present { Receipt: var known }
            && FileIdentity.Of(store.Folders.StoreFile(known.Root), known.Root) is { } now
            && now.Device != known.Device && now with { Device = known.Device } == known)
        {
            ledger.Relink(image, now);
        }

        if (ledger.View.Store.GetValueOrDefault(image) is StoreFile.Present present
            && ImageStore.Doubt(store.Folders.StoreFile(present.Receipt.Root), present.Receipt) is { } reason
            && ledger.TryDoubtStore(image, _ => !Agrees(image) && store.Absence() is null, reason + " It is being read again."))
        {
            Log.StoreDoubted(log, image, reason);
        }
    }

    /// <summary>Gives the listener the newest receipt: the file may have been verified anew between the moment a route's receipt was taken and its opening.</summary>
    public void Freshen(ImageId image)
    {
        if (store.Stored(ledger.View, image) is { } stored)
        {
            routes.Refresh(stored);
        }
    }

    /// <summary>
    /// To be held while a surface links, renames or unlinks a name of the store's inode: its ctime moves, and that is our own doing. At the
    /// end the ledger gets the new receipt.
    /// </summary>
    public IDisposable ExpectLinkChange(ImageId image) => routes.OwnLinks.Expect(image, () => Relinked(image));

    private bool IsStores(ImageId image, Receipt? published) =>
        published is { } name && ledger.View.Store.GetValueOrDefault(image) is StoreFile.Present { Receipt: var stored }
        && (name.Device, name.Inode) == (stored.Device, stored.Inode);

    /// <summary>Asked again with the newest receipt: does the store's file agree, but for a ctime that we moved ourselves?</summary>
    private bool Agrees(ImageId image)
    {
        var look = routes.OwnLinks.Before(image);
        return Look(image) is var (now, receipt) && look.Explains(now, receipt);
    }

    private Receipt? Relinked(ImageId image)
    {
        if (Look(image) is not var (now, receipt) || !FileIdentity.SameContent(now, receipt))
        {
            return null;
        }

        if (now != receipt)
        {
            ledger.Relink(image, now);
        }

        return now;
    }

    /// <returns>Null while the store's file is not trusted, or not there.</returns>
    private (Receipt Now, Receipt Verified)? Look(ImageId image) =>
        ledger.View.Store.GetValueOrDefault(image) is StoreFile.Present { Receipt: var receipt }
        && FileIdentity.Of(store.Folders.StoreFile(receipt.Root), receipt.Root) is { } now
            ? (now, receipt)
            : null;
}
