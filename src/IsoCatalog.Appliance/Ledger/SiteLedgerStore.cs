using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <content>The site's own copies: what became of them, and who may move them.</content>
internal sealed partial class SiteLedger
{
    /// <summary>Records what became of the site's own copy, and withdraws what hangs on it.</summary>
    public void SetStore(ImageId id, StoreFile? file)
    {
        lock (_gate)
        {
            var view = _view;
            var next = view with { Store = file is null ? view.Store.Remove(id) : view.Store.SetItem(id, file) };
            next = file switch
            {
                StoreFile.Doubted doubted => next.WithdrawnWhereShared(id, ReasonCode.StoreDamaged, doubted.Reason, doubted.Since),
                StoreFile.Lost lost => next.WithdrawnEverywhere(id, CellState.Quarantined, lost.Code, lost.Reason, lost.Since),
                StoreFile.Present => next.WithoutQuarantine(id),
                _ => next,
            };
            Action save = () => _database.InTransaction(() =>
            {
                _database.SaveStoreFile(id, file);
                SaveCells(view, next, id);
            });
            if (file is StoreFile.Doubted or StoreFile.Lost)
            {
                Withdraw_NeedsLock(next, [id], save);
                var (code, reason) = file is StoreFile.Lost gone ? (gone.Code, gone.Reason) : ("store-doubted", ((StoreFile.Doubted)file).Reason);
                _events.Add("drift", reason, id, code: code);
            }
            else
            {
                Accept_NeedsLock(next, [id], save);
            }
        }
    }

    /// <summary>Says how far the bytes of an image are on their way; of interest to readers only, so it is not recorded.</summary>
    /// <returns>False when the image is not to be fetched any more: it is here, or it was deleted or recalled.</returns>
    public bool ReportFetch(ImageId id, StoreFile.Fetching fetching)
    {
        lock (_gate)
        {
            var view = _view;
            if (!view.Catalog.Images.TryGetValue(id, out var image) || !image.IsVisible
                || view.Store.GetValueOrDefault(id) is not (null or StoreFile.Lost or StoreFile.Fetching))
            {
                return false;
            }

            if (view.Store.GetValueOrDefault(id) is not StoreFile.Lost)
            {
                Withdraw_NeedsLock(view with { Store = view.Store.SetItem(id, fetching) }, [], null);
            }

            return true;
        }
    }

    /// <summary>This site has computed the flat SHA-256 of bytes whose root it has verified. What was signed otherwise is withdrawn at once.</summary>
    public void RecordComputed(ComputedPair pair)
    {
        lock (_gate)
        {
            var view = _view;
            var next = view.WithComputed(pair, _time.GetUtcNow(), out var touched);
            Action save = () => _database.InTransaction(() =>
            {
                _database.SaveComputed(pair);
                foreach (var id in touched.Where(i => next.Store.GetValueOrDefault(i) != view.Store.GetValueOrDefault(i)))
                {
                    _database.SaveStoreFile(id, next.Store.GetValueOrDefault(id));
                }

                SaveCells(view, next, touched);
            });
            if (touched.Any(i => view.Surfaces.Any(s => view.IsAvailable(i, s) && !next.IsAvailable(i, s))))
            {
                Withdraw_NeedsLock(next, [.. touched], save, metadata: true);
            }
            else
            {
                Accept_NeedsLock(next, [.. touched], save, metadata: true);
            }
        }
    }

    /// <summary>Doubts the store's own copy, if it is still trusted and <paramref name="still"/> says so now that nothing can move it.</summary>
    public bool TryDoubtStore(ImageId id, Func<Receipt, bool> still, string reason)
    {
        lock (_gate)
        {
            if (_view.Store.GetValueOrDefault(id) is not StoreFile.Present { Receipt: var receipt } || !still(receipt))
            {
                return false;
            }

            SetStore(id, new StoreFile.Doubted(receipt, reason, _time.GetUtcNow()));
            return true;
        }
    }

    /// <summary>The inode's ctime moved because a name of it was made or taken away, or its device number with a mount: every receipt of it follows.</summary>
    public void Relink(ImageId id, Receipt receipt)
    {
        lock (_gate)
        {
            var view = _view;
            if (view.Store.GetValueOrDefault(id) is not StoreFile.Present { Receipt: var old })
            {
                return;
            }

            var file = new StoreFile.Present(receipt);
            var next = view.Surfaces.Select(s => new CellKey(id, s.Name)).Aggregate(
                view with { Store = view.Store.SetItem(id, file) },
                (v, key) => v.Cells.GetValueOrDefault(key) is { Receipt: { } held } cell && (held.Device, held.Inode) == (old.Device, old.Inode)
                    ? v with { Cells = v.Cells.SetItem(key, cell with { Receipt = receipt }) }
                    : v);
            Accept_NeedsLock(next, [id], () => _database.InTransaction(() =>
            {
                _database.SaveStoreFile(id, file);
                SaveCells(view, next, id);
            }));
        }
    }

    /// <summary>Moves the store's file by <paramref name="move"/> if the newest view still allows it, with no change in between.</summary>
    /// <returns>False when the view has changed its mind; then nothing was moved.</returns>
    public bool TryMoveStoreFile(ImageId id, Func<SiteView, bool> allowed, Func<StoreFile> move)
    {
        lock (_gate)
        {
            if (!allowed(_view))
            {
                return false;
            }

            SetStore(id, move());
            return true;
        }
    }

    /// <summary>Gives up a retired file for good, if the image is still deleted.</summary>
    public bool TryForgetRetired(ImageId id, Action delete)
    {
        lock (_gate)
        {
            if (_view.Store.GetValueOrDefault(id) is not StoreFile.Retired || _view.Catalog.Images.GetValueOrDefault(id) is not { Deleted: true } || _view.IsLeased(id))
            {
                return false;
            }

            delete();
            SetStore(id, null);
            return true;
        }
    }
}
