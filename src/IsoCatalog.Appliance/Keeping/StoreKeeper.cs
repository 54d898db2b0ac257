using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Keeping;

/// <summary>
/// Brings the store's files in line with the catalog: what is deleted and free moves to retired, what is restored moves back, what is doubted is read
/// and either trusted again or set aside. One loop, so these moves never cross.
/// </summary>
internal sealed class StoreKeeper(SiteLedger ledger, StoreBook book, ImageStore store, Setbacks setbacks, TimeProvider time, ILogger<StoreKeeper> log) : LastingLoop(new Restarts("Keeping the store", setbacks, time, log))
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    private readonly Rounds _rounds = new(ledger, setbacks, TimeSpan.FromMinutes(1), time, log);

    /// <summary>Files of what was deleted before the start, not looked for yet: a crash between a move to retired and its record leaves one where nobody looks for it.</summary>
    private readonly HashSet<Sha256Digest> _unfound = [.. ledger.View.Catalog.Images.Values.Where(i => i.Deleted).Select(i => i.Value.Root)];

    protected override Task RunAsync(CancellationToken stoppingToken) => _rounds.RunAsync(Chores, stoppingToken);

    private IEnumerable<Chore> Chores() => ledger.View.Catalog.Images.Values.Select(ChoreOf).OfType<Chore>();

    /// <summary>One step for one image, if it needs one.</summary>
    private Chore? ChoreOf(CatalogImage image)
    {
        var view = ledger.View;
        var file = view.FileOf(image);
        var chore = file switch
        {
            StoreFile.Present present when CellPlan.MayRetire(view, image.Value.Root) =>
                Chore.Of($"Moving {image.FileName} to retired", image.Id, _ => Retire(image, present)) with
                {
                    // Nobody says when the clock is right again.
                    From = ledger.Clock.Doubt is null ? null : time.GetUtcNow() + LookAgain,
                },
            StoreFile.Retired when !image.Deleted => new Chore($"Moving {image.FileName} back from retired", image.Id, c => Task.FromResult(Return(image, c))),
            StoreFile.Doubted when !image.Deleted => new Chore($"Reading {image.FileName} again", image.Id, c => Task.FromResult(Read(image, c))),
            StoreFile.Doubted when view.ImagesOf(image.Value.Root).All(i => i.Deleted) && view.ImagesOf(image.Value.Root).First().Id == image.Id =>
                new Chore($"Reading {image.FileName}, which was removed, again", image.Id, c => Task.FromResult(FindMoved(image, c))),
            null when !image.Deleted => new Chore($"Looking for {image.FileName} in the store", image.Id, c => Task.FromResult(Read(image, c))),
            not (StoreFile.Present or StoreFile.Retired) when image.Deleted && _unfound.Contains(image.Value.Root) && view.ImagesOf(image.Value.Root).Contains(image) =>
                new Chore($"Looking for {image.FileName} in retired", image.Id, c => Task.FromResult(FindMoved(image, c))),
            _ => null,
        };

        // One doubt is one thing to be done, however often it was read in vain.
        return chore is null ? null : chore with { With = file is StoreFile.Doubted doubted ? doubted.Since : file };
    }

    private void Retire(CatalogImage image, StoreFile.Present present)
    {
        if (book.TryMove(
            image.Value.Root,
            v => CellPlan.MayRetire(v, image.Value.Root),
            () => new StoreFile.Retired(store.Retire(image, present.Receipt), time.GetUtcNow())))
        {
            Log.Retired(log, image.FileName, image.Id);
        }
    }

    /// <returns>Why nothing is known yet, in words.</returns>
    private string? FindMoved(CatalogImage image, CancellationToken cancellationToken)
    {
        var (root, before) = (image.Value.Root, ledger.View.FileOf(image));
        var retired = ImageStore.Read(store.Folders.RetiredFile(root), root, null, cancellationToken);
        var stored = retired is StoreRead.Right ? retired : ImageStore.Read(store.Folders.StoreFile(root), root, null, cancellationToken);
        if ((retired as StoreRead.Undecided ?? stored as StoreRead.Undecided) is { Reason: var undecided } && stored is not StoreRead.Right)
        {
            return undecided;
        }

        // Reading takes minutes: of what was added again meanwhile, it is no news.
        book.TryMove(root, v => v.FileOf(image) == before, () => (retired, stored) switch
        {
            (StoreRead.Right { Receipt: var moved }, _) => new StoreFile.Retired(moved, time.GetUtcNow()),
            (_, StoreRead.Right { Receipt: var unmoved }) => new StoreFile.Present(unmoved),
            (_, StoreRead.Wrong) when before is StoreFile.Doubted && store.Absence() is null => SetAside(root, image.Id),
            (_, StoreRead.Gone) when before is StoreFile.Doubted && store.Absence() is null => null,
            _ => before,
        });
        _unfound.Remove(root);
        return null;
    }

    private StoreFile? SetAside(Sha256Digest root, ImageId image)
    {
        store.SetAside(root, image, time.GetUtcNow());
        return null;
    }

    /// <returns>Why nothing is known yet, in words.</returns>
    private string? Return(CatalogImage image, CancellationToken cancellationToken)
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
                return Read(image, cancellationToken);
            case StoreRead.Undecided undecided:
                return undecided.Reason;
        }

        return null;
    }

    /// <summary>Any doubt ends here: the bytes are read past the cache, and they are right or they are not.</summary>
    /// <returns>Why nothing is known yet, in words: it is read again after a pause.</returns>
    private string? Read(CatalogImage image, CancellationToken cancellationToken)
    {
        var path = store.Folders.StoreFile(image.Value.Root);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var doubted = ledger.View.FileOf(image);
            var read = ImageStore.Read(path, image.Value.Root, null, cancellationToken);
            if (Conclude(image, path, doubted, read))
            {
                return (read as StoreRead.Undecided)?.Reason;
            }
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
                case StoreRead.Undecided undecided:
                    return doubted is StoreFile.Doubted known ? known.ReadInVain(undecided.Reason) : doubted;
                case StoreRead.Gone when doubted is null && !ledger.View.Others.IsEmpty:
                    return FetchPlan.Wanted(time.GetUtcNow());
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
