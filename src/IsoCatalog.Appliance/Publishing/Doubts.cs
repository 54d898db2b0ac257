using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Where every doubt arrives: it withdraws first, and what was doubted is looked into afterwards by its owner. Thread-safe.</summary>
internal sealed class Doubts(
    SiteLedger ledger, CellBook cells, StoreBook files, ImageStore store, IsoRoutes routes, OwnLinks links, ILogger<Doubts> log)
{
    /// <summary>Something is wrong with a published image.</summary>
    /// <param name="seen">The cell as it was before anybody looked.</param>
    /// <param name="found">What is in its place now; null when nothing is, or when that cannot be said.</param>
    public void AboutPublished(ImageId image, string surface, Cell seen, Receipt? found, string code, string reason)
    {
        var root = ledger.View.Catalog.Images.GetValueOrDefault(image)?.Value.Root ?? default;
        if (IsStores(root, found) && Agrees(root))
        {
            return;
        }

        cells.Doubt(new CellKey(image, surface), seen, code, reason);
        if (IsStores(root, seen.Evidence?.FileReceipt) && !Agrees(root))
        {
            AboutStore(root, $"{reason} It shares its bytes with the store.");
        }
    }

    /// <summary>Something is wrong, or may be, with a file of the store.</summary>
    public void AboutStore(Sha256Digest root, string reason)
    {
        if (files.TryDoubt(root, _ => true, reason + " It is being read again."))
        {
            Log.StoreDoubted(log, root, reason);
            foreach (var image in ledger.View.ImagesOf(root))
            {
                // A lease is served from it too.
                routes.RaiseDoubt(new ImageDoubt(image.Id, ReasonCode.StoreDamaged, reason));
            }
        }
    }

    /// <summary>The same of the file that an image is.</summary>
    public void AboutStore(ImageId image, string reason)
    {
        if (ledger.View.Catalog.Images.TryGetValue(image, out var known))
        {
            AboutStore(known.Value.Root, reason);
        }
    }

    /// <summary>Compares the store's files with their receipts; reads no bytes.</summary>
    public void StatStore(CancellationToken cancellationToken)
    {
        foreach (var root in ledger.View.Store.Keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            StatStore(root);
        }
    }

    public void StatStore(Sha256Digest root)
    {
        var path = store.Folders.StoreFile(root);
        try
        {
            if (ledger.View.Store.GetValueOrDefault(root) is StoreFile.Present { Receipt: var known }
                && FileIdentity.Of(path, root) is { } now
                && now.Device != known.Device && now with { Device = known.Device } == known)
            {
                files.Relink(root, now);
            }

            if (ledger.View.Store.GetValueOrDefault(root) is StoreFile.Present present
                && ImageStore.Doubt(path, present.Receipt) is { } reason
                && files.TryDoubt(root, _ => !Agrees(root) && store.Absence() is null, reason + " It is being read again."))
            {
                Log.StoreDoubted(log, root, reason);
            }
        }
        catch (Exception e) when (DiskFault.IsOutside(e) && store.Absence() is null)
        {
            // What cannot even be looked at is in doubt, and keeps no other file from being looked at.
            AboutStore(root, $"{path} cannot be looked at: {e.Message.TrimEnd('.')}.");
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
    public IDisposable ExpectLinkChange(Sha256Digest root) => links.Expect(root, () => Relinked(root));

    private bool IsStores(Sha256Digest root, Receipt? published) =>
        published is { } name && ledger.View.Store.GetValueOrDefault(root) is StoreFile.Present { Receipt: var stored }
        && (name.Device, name.Inode) == (stored.Device, stored.Inode);

    /// <summary>Asked again with the newest receipt: does the store's file agree, but for a ctime that we moved ourselves?</summary>
    private bool Agrees(Sha256Digest root)
    {
        var look = links.Before(root);
        return Look(root) is var (now, receipt) && look.Explains(now, receipt);
    }

    private Receipt? Relinked(Sha256Digest root)
    {
        if (Look(root) is not var (now, receipt) || !FileIdentity.SameContent(now, receipt))
        {
            return null;
        }

        if (now != receipt)
        {
            files.Relink(root, now);
        }

        return now;
    }

    /// <returns>Null while the store's file is not trusted, or not there, or cannot be looked at.</returns>
    private (Receipt Now, Receipt Verified)? Look(Sha256Digest root)
    {
        try
        {
            return ledger.View.Store.GetValueOrDefault(root) is StoreFile.Present { Receipt: var receipt }
                && FileIdentity.Of(store.Folders.StoreFile(root), root) is { } now
                    ? (now, receipt)
                    : null;
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            return null;
        }
    }
}
