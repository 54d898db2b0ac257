using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <content>Recalls: bytes that may be offered nowhere, whoever has them or adds them.</content>
internal sealed partial class SiteLedger
{
    /// <summary>Recalls an image by its hash; it need not be here, or anywhere yet. It leaves every list at once; what holds a lease on it goes on.</summary>
    /// <returns>The recall that stands: an earlier one if it says the same, or nothing new is said.</returns>
    public Outcome<BlockEntry> Block(ImageId id, string by, string? why)
    {
        lock (_gate)
        {
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            if (_view.Catalog.BlockOf(id) is { } standing && (why is null || why == standing.Why))
            {
                return standing;
            }

            var entry = new BlockEntry(id, _documents.NextStamp(), by, why, false);
            if (Recall_NeedsLock(entry) is { } unsigned)
            {
                return unsigned;
            }

            _events.Add("image", $"{NameOf(_view, id)} recalled{(why is { Length: > 0 } ? ": " + why : "")}", id, code: ReasonCode.Blocked);
            return entry;
        }
    }

    /// <summary>Takes a recall back. An image that was not removed meanwhile is verified and offered again, from the copies that are still kept.</summary>
    public Outcome<BlockEntry> Unblock(ImageId id, string by)
    {
        lock (_gate)
        {
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            var catalog = _view.Catalog;
            if (catalog.BlockOf(id) is null)
            {
                return new Refusal(RefusalCode.NotFound, $"{NameOf(_view, id)} is not recalled. 'isocatalog ls --all' lists what is.", id);
            }

            if (catalog.Images.GetValueOrDefault(id) is { Deleted: false, Value.FileName: var name }
                && catalog.Names.TryGetValue(name, out var other) && other != id)
            {
                return new Refusal(
                    RefusalCode.NameTaken,
                    $"The name {name} was given to other bytes ({other}) while these were recalled. Remove one of the two first: isocatalog rm {id}, or isocatalog rm {other}.",
                    other);
            }

            var entry = new BlockEntry(id, _documents.NextStamp(), by, null, true);
            if (Recall_NeedsLock(entry) is { } unsigned)
            {
                return unsigned;
            }

            _events.Add("image", $"the recall of {NameOf(_view, id)} was taken back", id);
            return entry;
        }
    }

    /// <summary>Nothing of it is on the way any more.</summary>
    public void ForgetFetch(ImageId id)
    {
        lock (_gate)
        {
            if (_view.Store.GetValueOrDefault(id) is StoreFile.Fetching && _view.Catalog.Images.GetValueOrDefault(id) is not { IsVisible: true })
            {
                Withdraw_NeedsLock(_view with { Store = _view.Store.Remove(id) }, [], null);
            }
        }
    }

    private Refusal? Recall_NeedsLock(BlockEntry entry)
    {
        var view = _view;
        if (Prepare_NeedsLock([entry], out var signed) is { } unsigned)
        {
            return unsigned;
        }

        var next = view.WithCatalog(signed!.View, _time.GetUtcNow(), out var touched);
        Accept_NeedsLock(next, [.. touched], () =>
        {
            Commit_NeedsLock(signed);
            _database.InTransaction(() =>
            {
                _database.SaveOffered(entry.Image, next.Offered.Contains(entry.Image));
                SaveCells(view, next, touched);
            });
        });
        return null;
    }
}
