using IsoCatalog.Appliance.Documents;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <content>What people change: images go in, are described, removed and restored.</content>
internal sealed partial class SiteLedger
{
    /// <summary>Puts a verified image, whose file lies in the store, into the catalog. Also how a lost copy of a known image comes back.</summary>
    public Outcome<CatalogImage> Put(ImageValue value, MetaValue? meta, Receipt receipt, string by)
    {
        var id = new ImageId(value.Sha256);
        lock (_gate)
        {
            var view = _view;
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            if (CatalogRules.MayAdd(view, id, value.FileName) is { } refused)
            {
                return refused;
            }

            var known = view.Catalog.Images.GetValueOrDefault(id);
            var stamp = _documents.NextStamp();
            var entries = new List<Entry>();
            // Another root for the same SHA-256 contradicts whoever signed the first: both were computed here, so that is said.
            if (known is null or { Deleted: true } || known.Value.Root != value.Root)
            {
                entries.Add(new ImageEntry(id, stamp, by, null, false, value));
            }

            if (meta is not null)
            {
                entries.Add(new MetaEntry(id, stamp, by, null, meta));
            }

            PreparedWrite? signed = null;
            if (entries.Count > 0 && Prepare_NeedsLock(entries, out signed) is { } unsigned)
            {
                return unsigned;
            }

            var file = new StoreFile.Present(receipt);
            var pair = new ComputedPair(id, value.Root, value.Size, _time.GetUtcNow());
            var next = view with { Store = view.Store.SetItem(id, file), Computed = view.Computed.With(pair) };
            next = next.WithCatalog(signed?.View ?? view.Signed, _time.GetUtcNow(), out var touched).WithoutQuarantine(id);
            Accept_NeedsLock(next, [id, .. touched], () =>
            {
                _database.InTransaction(() =>
                {
                    _database.SaveStoreFile(id, file);
                    _database.SaveComputed(pair);
                    SaveCells(view, next, [id, .. touched]);
                });
                Commit_NeedsLock(signed);
            });
            var image = next.Catalog.Images[id];
            _events.Add("image", known is { Deleted: false } ? $"{image.FileName}: the store's copy is whole again"
                : $"{image.FileName} added", id);
            return image;
        }
    }

    /// <summary>Changes what people say about an image.</summary>
    public Outcome<CatalogImage> SetMeta(ImageId id, Func<MetaValue, MetaValue> change, string by)
    {
        lock (_gate)
        {
            var view = _view;
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            if (view.Catalog.Images.GetValueOrDefault(id) is not { Deleted: false } image)
            {
                return NotFound(id);
            }

            if (Prepare_NeedsLock([new MetaEntry(id, _documents.NextStamp(), by, null, change(image.Meta))], out var signed) is { } unsigned)
            {
                return unsigned;
            }

            var next = view.WithCatalog(signed!.View, _time.GetUtcNow(), out var touched);
            Accept_NeedsLock(
                next,
                [.. touched],
                () =>
                {
                    Commit_NeedsLock(signed);
                    _database.InTransaction(() => SaveCells(view, next, touched));
                },
                metadata: !next.Catalog.Images[id].LooksLike(image));
            _events.Add("image", $"{image.FileName} described anew", id);
            return next.Catalog.Images[id];
        }
    }

    /// <summary>Puts a tombstone. From now on the image is in no list; its file is retired once nobody holds it.</summary>
    public Outcome<CatalogImage> Delete(ImageId id, string by, string? why)
    {
        lock (_gate)
        {
            var view = _view;
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            if (view.Catalog.Images.GetValueOrDefault(id) is not { Deleted: false } image)
            {
                return NotFound(id);
            }

            if (image.Meta.Protected)
            {
                return new Refusal(
                    RefusalCode.Protected, $"{image.FileName} is protected. Take the protection off first (PATCH protected=false).", id);
            }

            if (Prepare_NeedsLock([new ImageEntry(id, _documents.NextStamp(), by, why, true, image.Value)], out var signed) is { } unsigned)
            {
                return unsigned;
            }

            var next = view.WithCatalog(signed!.View, _time.GetUtcNow(), out var touched);
            Accept_NeedsLock(next, [.. touched], () =>
            {
                // The signed tombstone is the acknowledgement; a crash before the database follows is mended when it is loaded.
                Commit_NeedsLock(signed);
                _database.InTransaction(() =>
                {
                    _database.SaveOffered(id, false);
                    SaveCells(view, next, touched);
                });
            });
            _events.Add("image", $"{image.FileName} removed", id);
            return next.Catalog.Images[id];
        }
    }

    /// <summary>Takes a tombstone back. The store moves the file in again, then the surfaces follow.</summary>
    public Outcome<CatalogImage> Restore(ImageId id, string by)
    {
        lock (_gate)
        {
            var view = _view;
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            if (view.Catalog.Images.GetValueOrDefault(id) is not { } image)
            {
                return NotFound(id);
            }

            if (!image.Deleted)
            {
                return image;
            }

            if (view.Store.GetValueOrDefault(id) is not (StoreFile.Retired or StoreFile.Present) && !view.Others.Values.Any(o => o.Holds(id)))
            {
                return new Refusal(
                    RefusalCode.NotRestorable,
                    $"The bytes of {image.FileName} are not kept any more. Add the file again: isocatalog add FILE.",
                    id);
            }

            if (CatalogRules.MayAdd(view, id, image.FileName) is { } refused)
            {
                return refused;
            }

            if (Prepare_NeedsLock([new ImageEntry(id, _documents.NextStamp(), by, null, false, image.Value)], out var signed) is { } unsigned)
            {
                return unsigned;
            }

            var next = view.WithCatalog(signed!.View, _time.GetUtcNow(), out var touched);
            Accept_NeedsLock(next, [.. touched], () => Commit_NeedsLock(signed));
            _events.Add("image", $"{image.FileName} restored", id);
            return next.Catalog.Images[id];
        }
    }
}
