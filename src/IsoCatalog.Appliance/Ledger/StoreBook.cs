using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// The site's own files, by the root of their bytes: what became of them, and who may move them. Whatever is said of a file is said of every image that it is, live
/// or deleted, and it stays where it is as long as one of them is live. Thread-safe.
/// </summary>
internal sealed class StoreBook(SiteLedger ledger, EventLog events)
{
    /// <summary>Records what became of a file, and withdraws what hangs on it.</summary>
    public void Set(Sha256Digest root, StoreFile? file)
    {
        using var turn = ledger.Take();
        Set(turn, root, file);
    }

    /// <summary>Says how far the bytes of an image are on their way; of interest to readers only, so it is not recorded.</summary>
    /// <returns>False when the image is not to be fetched any more: it is here, or it was deleted or recalled.</returns>
    public bool ReportFetch(ImageId id, StoreFile.Fetching fetching)
    {
        using var turn = ledger.Take();
        var view = turn.View;
        if (!view.Catalog.Images.TryGetValue(id, out var image) || !image.IsVisible
            || view.FileOf(image) is not (null or StoreFile.Lost or StoreFile.Fetching))
        {
            return false;
        }

        if (view.FileOf(image) is not StoreFile.Lost)
        {
            turn.Make(new Change(view with { Store = view.Store.SetItem(image.Value.Root, fetching) }));
        }

        return true;
    }

    /// <summary>Nothing of it is on the way any more.</summary>
    public void ForgetFetch(Sha256Digest root)
    {
        using var turn = ledger.Take();
        if (turn.View.Store.GetValueOrDefault(root) is StoreFile.Fetching && !turn.View.ImagesOf(root).Any(i => i.IsVisible))
        {
            turn.Make(new Change(turn.View with { Store = turn.View.Store.Remove(root) }));
        }
    }

    /// <summary>
    /// This site has computed the flat SHA-256 of bytes whose root it has verified. What was signed otherwise is withdrawn at once, and a file that is no image of the
    /// catalog by now is the store's no more.
    /// </summary>
    public void RecordComputed(ComputedPair pair)
    {
        using var turn = ledger.Take();
        var next = turn.View.WithComputed(pair, turn.Now, out var touched);
        var nobodys = !next.ImagesOf(pair.Root).Any();
        turn.Make(new Change(nobodys ? next with { Store = next.Store.Remove(pair.Root) } : next)
        {
            Touched = touched,
            Described = true,
            After = [new Row.Computed(pair), .. nobodys ? [new Row.File(pair.Root, null)] : Array.Empty<Row>()],
        });
    }

    /// <summary>Its bytes were read again and are right.</summary>
    /// <param name="read">The file that was read; of another one that has taken its place nothing is known by it.</param>
    public void Read(Sha256Digest root, Receipt read)
    {
        using var turn = ledger.Take();
        if (turn.View.Store.GetValueOrDefault(root) is StoreFile.Present { Receipt: var now } && FileIdentity.SameContent(now, read))
        {
            turn.Make(new Change(turn.View with { ReadTimes = turn.View.ReadTimes.With(root, turn.Now) }) { After = [new Row.StoredRead(root, turn.Now)] });
        }
    }

    /// <summary>Doubts a file, if it is still trusted and <paramref name="still"/> says so now that nothing can move it.</summary>
    public bool TryDoubt(Sha256Digest root, Func<Receipt, bool> still, string reason)
    {
        using var turn = ledger.Take();
        if (turn.View.Store.GetValueOrDefault(root) is not StoreFile.Present { Receipt: var receipt } || !still(receipt))
        {
            return false;
        }

        Set(turn, root, new StoreFile.Doubted(receipt, reason, turn.Now));
        return true;
    }

    /// <summary>The inode's ctime moved because a name of it was made or taken away, or its device number with a mount: every receipt of it follows.</summary>
    public void Relink(Sha256Digest root, Receipt receipt)
    {
        using var turn = ledger.Take();
        var view = turn.View;
        if (view.Store.GetValueOrDefault(root) is not StoreFile.Present { Receipt: var old })
        {
            return;
        }

        var images = view.ImagesOf(root).Select(i => i.Id).ToList();
        var file = new StoreFile.Present(receipt);
        var next = images.SelectMany(i => view.Surfaces.Select(s => new CellKey(i, s.Name))).Aggregate(
            view with { Store = view.Store.SetItem(root, file) },
            (v, key) => v.Cells.GetValueOrDefault(key) is { Evidence.FileReceipt: { } held } cell && (held.Device, held.Inode) == (old.Device, old.Inode)
                ? v with { Cells = v.Cells.SetItem(key, cell with { Evidence = receipt }) }
                : v);
        turn.Make(new Change(next) { Touched = images, After = [new Row.File(root, file)] });
    }

    /// <summary>Moves a file by <paramref name="move"/> if the newest view still allows it, with no change in between, and records what it is then.</summary>
    /// <param name="root">Which file.</param>
    /// <param name="allowed">Pure.</param>
    /// <param name="move">A few calls of the file system; gives what there is then.</param>
    /// <returns>False when the view has changed its mind; then nothing was moved.</returns>
    public bool TryMove(Sha256Digest root, Func<SiteView, bool> allowed, Func<StoreFile?> move)
    {
        using var turn = ledger.Take();
        if (!allowed(turn.View))
        {
            return false;
        }

        Set(turn, root, move());
        return true;
    }

    private void Set(in Turn turn, Sha256Digest root, StoreFile? file)
    {
        var view = turn.View;
        if (view.Store.GetValueOrDefault(root) == file)
        {
            return;
        }

        var images = view.ImagesOf(root).Select(i => i.Id).ToList();
        var next = view with { Store = file is null ? view.Store.Remove(root) : view.Store.SetItem(root, file) };
        next = images.Aggregate(next, (v, id) => file switch
        {
            StoreFile.Doubted doubted => v.WithdrawnWhereShared(id, ReasonCode.StoreDamaged, doubted.Reason, doubted.Since),
            StoreFile.Lost lost => v.WithdrawnEverywhere(id, CellState.Quarantined, lost.Code, lost.Reason, lost.Since),
            StoreFile.Present => v.WithoutQuarantine(id),
            _ => v,
        });
        var rows = new List<Row> { new Row.File(root, file) };
        if (file is StoreFile.Present)
        {
            // Whatever is trusted anew was read just now.
            next = next with { ReadTimes = next.ReadTimes.With(root, turn.Now) };
            rows.Add(new Row.StoredRead(root, turn.Now));
        }

        turn.Make(new Change(next) { Touched = images, After = rows });

        // A doubt that was read in vain is the same doubt, until it does not come to rest.
        if (Trouble(file) is var (code, reason) && code != Trouble(view.Store.GetValueOrDefault(root))?.Code)
        {
            foreach (var id in images.DefaultIfEmpty())
            {
                events.Add("drift", reason, id, code: code);
            }
        }
    }

    private static (string Code, string Reason)? Trouble(StoreFile? file) => file switch
    {
        StoreFile.Lost lost => (lost.Code, lost.Reason),
        StoreFile.Doubted doubted => (doubted.Code, doubted.Reason),
        _ => null,
    };
}
