using System.Collections.Concurrent;
using IsoCatalog.Appliance.Storage;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Where every doubt arrives: it withdraws first, and what was doubted is looked into afterwards by its owner. Thread-safe.</summary>
internal sealed class Doubts(SiteLedger ledger, ImageStore store, IsoRoutes routes, ILogger<Doubts> log)
{
    private readonly ConcurrentDictionary<ImageId, int> _linking = new();

    /// <summary>Something is wrong with a published image.</summary>
    /// <param name="seen">The cell as it was before anybody looked.</param>
    public void AboutPublished(ImageId image, string surface, Cell seen, string code, string reason)
    {
        var view = ledger.View;
        var shared = view.Store.GetValueOrDefault(image) is StoreFile.Present present
            && seen.Receipt is { } published
            && (published.Device, published.Inode) == (present.Receipt.Device, present.Receipt.Inode);
        if (shared && Agrees(image))
        {
            return;
        }

        ledger.Doubt(new CellKey(image, surface), seen, code, reason);
        if (shared)
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

    /// <summary>Gives the listener the newest receipt: the inode's ctime may have moved between the moment a route's receipt was taken and its opening.</summary>
    public void Freshen(ImageId image)
    {
        if (store.Stored(ledger.View, image) is { } stored)
        {
            routes.Refresh(stored);
        }
    }

    /// <summary>
    /// To be held while a surface links, renames or unlinks a name of the store's inode: its ctime moves, and that is our own doing. At the
    /// end everybody who keeps a receipt of the inode gets the new one.
    /// </summary>
    public IDisposable ExpectLinkChange(ImageId image)
    {
        _linking.AddOrUpdate(image, 1, (_, count) => count + 1);
        return new LinkChange(this, image, routes.ExpectLinkChange(image));
    }

    /// <summary>Asked again with the newest receipt: does the store's file agree, but for a ctime that we may be moving ourselves?</summary>
    private bool Agrees(ImageId image) =>
        ledger.View.Store.GetValueOrDefault(image) is StoreFile.Present { Receipt: var receipt }
        && FileIdentity.Of(store.Folders.StoreFile(receipt.Root), receipt.Root) is { } now
        && (now == receipt || (_linking.ContainsKey(image) && FileIdentity.SameContent(now, receipt)));

    private void Relinked(ImageId image)
    {
        if (ledger.View.Store.GetValueOrDefault(image) is StoreFile.Present { Receipt: var receipt }
            && FileIdentity.Of(store.Folders.StoreFile(receipt.Root), receipt.Root) is { } now
            && now != receipt
            && FileIdentity.SameContent(now, receipt))
        {
            ledger.Relink(image, now);
            if (store.Stored(ledger.View, image) is { } stored)
            {
                routes.Refresh(stored);
            }
        }
    }

    private sealed class LinkChange(Doubts doubts, ImageId image, IDisposable listener) : IDisposable
    {
        public void Dispose()
        {
            doubts.Relinked(image);
            listener.Dispose();
            if (doubts._linking.AddOrUpdate(image, 0, (_, count) => count - 1) == 0)
            {
                doubts._linking.TryRemove(new KeyValuePair<ImageId, int>(image, 0));
            }
        }
    }
}
