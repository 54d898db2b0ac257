using IsoCatalog.Appliance.Storage;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Where every doubt arrives: it withdraws first, and what was doubted is looked into afterwards by its owner.</summary>
internal sealed class Doubts(SiteLedger ledger, ImageStore store, TimeProvider time)
{
    /// <summary>Something is wrong with a published image.</summary>
    public void AboutPublished(ImageId image, string surface, string code, string reason)
    {
        var view = ledger.View;
        ledger.Doubt(new CellKey(image, surface), code, reason);
        if (view.Store.GetValueOrDefault(image) is StoreFile.Present present
            && view.CellOf(image, surface)?.Receipt is { } published
            && (published.Device, published.Inode) == (present.Receipt.Device, present.Receipt.Inode))
        {
            AboutStore(image, $"{reason} It shares its bytes with the store.");
        }
    }

    /// <summary>Something is wrong, or may be, with the store's own copy.</summary>
    public void AboutStore(ImageId image, string reason)
    {
        if (ledger.View.Store.GetValueOrDefault(image) is StoreFile.Present present)
        {
            ledger.SetStore(image, new StoreFile.Doubted(present.Receipt, reason + " It is being read again.", time.GetUtcNow()));
        }
    }

    /// <summary>Compares the store's files with their receipts; reads no bytes.</summary>
    public void StatStore(CancellationToken cancellationToken)
    {
        foreach (var (id, file) in ledger.View.Store)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (file is StoreFile.Present present)
            {
                StatStore(id, present.Receipt);
            }
        }
    }

    public void StatStore(ImageId image)
    {
        if (ledger.View.Store.GetValueOrDefault(image) is StoreFile.Present present)
        {
            StatStore(image, present.Receipt);
        }
    }

    private void StatStore(ImageId image, Receipt receipt)
    {
        if (ImageStore.Doubt(store.Folders.StoreFile(receipt.Root), receipt) is null)
        {
            return;
        }

        // Once more with the newest receipt: a link that a surface made meanwhile is our own doing.
        if (ledger.View.Store.GetValueOrDefault(image) is StoreFile.Present newest
            && ImageStore.Doubt(store.Folders.StoreFile(receipt.Root), newest.Receipt) is { } reason)
        {
            AboutStore(image, reason);
        }
    }

    /// <summary>After a surface linked or unlinked the store's inode: its ctime moved and nothing else.</summary>
    public void StoreRelinked(ImageId image)
    {
        if (ledger.View.Store.GetValueOrDefault(image) is StoreFile.Present present
            && FileIdentity.Of(store.Folders.StoreFile(present.Receipt.Root), present.Receipt.Root) is { } now
            && now != present.Receipt
            && FileIdentity.SameContent(now, present.Receipt))
        {
            ledger.SetStore(image, new StoreFile.Present(now));
        }
    }
}
