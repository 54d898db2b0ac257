using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Keeping;

/// <summary>Keeps what is retired within its age and its quota, oldest first.</summary>
internal sealed class RetiredKeeper(
    LiveConfiguration configuration, SiteFolders folders, SiteLedger ledger, StoreBook book, TimeProvider time, ILogger<RetiredKeeper> log)
{
    /// <summary>What can be restored, until it is evicted: also what was just removed and still waits in the store for its leases to end. Not what another image still
    /// has, for those bytes go nowhere.</summary>
    public IReadOnlyList<RetiredView> List()
    {
        var view = ledger.View;
        return
        [
            .. view.Catalog.Images.Values.Where(i => i.Deleted && view.ImagesOf(i.Value.Root).All(other => other.Deleted))
                .Select(i => (Image: i, Since: view.FileOf(i) switch
                {
                    StoreFile.Retired retired => retired.Since,
                    StoreFile.Present => ClockRules.At(i.Stamp.Ms),
                    _ => (DateTimeOffset?)null,
                }))
                .Where(r => r.Since is not null)
                .OrderBy(r => r.Since)
                .Select(r => new RetiredView(
                    r.Image.Id, r.Image.FileName, r.Image.Value.Size, r.Since!.Value, DateTimeOffset.MaxValue - r.Since.Value > configuration.Now.Retired.Keep ? r.Since + configuration.Now.Retired.Keep : null,
                    ChangeViews.RemovalOf(view.Signed, r.Image.Id))),
        ];
    }

    public void Evict()
    {
        if (ledger.Clock.Doubt is not null)
        {
            return;
        }

        var now = time.GetUtcNow();

        var files = All();
        var taken = files.ToDictionary(f => f.Root, f => FreeSpace.TakenBy(folders.RetiredFile(f.Root)));
        var bytes = taken.Values.Sum();
        foreach (var (root, file) in files)
        {
            var why = now - file.Since > configuration.Now.Retired.Keep ? $"retired for longer than {configuration.Now.Retired.Keep.TotalDays:0.#} days"
                : bytes > configuration.Now.Retired.Quota ? $"retired files exceed {configuration.Now.Retired.Quota} bytes"
                : null;
            if (why is null)
            {
                break;
            }

            var name = ledger.View.ImagesOf(root).FirstOrDefault()?.FileName ?? root.ToString();
            if (book.TryMove(root, v => CellPlan.MayEvict(v, root), () =>
                {
                    DurableFile.Delete(folders.RetiredFile(root));
                    DurableFile.Delete(folders.MetainfoFile(root));
                    return null;
                }))
            {
                bytes -= taken[root];
                Log.Evicted(log, name, why);
            }
        }
    }

    private List<(Sha256Digest Root, StoreFile.Retired File)> All() =>
    [
        .. ledger.View.Store.Where(s => s.Value is StoreFile.Retired).Select(s => (s.Key, (StoreFile.Retired)s.Value)).OrderBy(r => r.Item2.Since),
    ];
}
