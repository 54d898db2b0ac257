using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>What people change of the catalog: images go in, are described, removed and restored. Thread-safe.</summary>
internal sealed class CatalogBook(SiteLedger ledger, FleetDocuments documents, EventLog events)
{
    /// <summary>Puts a verified image into the catalog. Also how a lost copy of a known image comes back.</summary>
    /// <param name="description">What the add says of it beside the bytes.</param>
    /// <param name="replace">Whether an image that has the name goes for it, in the same document.</param>
    /// <param name="promote">Gives the file its place in the store, once nothing stands in the way any more; the receipt is that of the file there.</param>
    /// <param name="takeBack">Takes it away again when it could not be signed after all.</param>
    public Outcome<CatalogImage> Put(ImageValue value, AddedDescription description, bool replace, Func<Receipt> promote, Action takeBack, string by)
    {
        var id = new ImageId(value.Sha256);
        using var turn = ledger.Take();
        var view = turn.View;
        if (ClockRefusal() is { } wrong)
        {
            return wrong;
        }

        // Two adds of the same bytes, or a removal meanwhile: the newest view decides.
        if (CatalogRules.MayAdd(view, id, value.FileName, replace) is { } refused)
        {
            return refused;
        }

        var known = view.Catalog.Images.GetValueOrDefault(id);
        var plan = Adding.Of(view, documents.Snapshot.Site, value, description, replace, registers => documents.NextStamp(registers), by);
        if (Prepare(plan.Entries, out var signed) is { } unsigned)
        {
            return unsigned;
        }

        StoreFile.Present file;
        try
        {
            file = new StoreFile.Present(promote());
        }
        catch
        {
            TakeBack();
            throw;
        }

        var pair = new ComputedPair(id, value.Root, value.Size, turn.Now);
        var next = view with { Store = view.Store.SetItem(value.Root, file), Computed = view.Computed.With(pair), ReadTimes = view.ReadTimes.With(value.Root, turn.Now) };
        next = next.WithCatalog(signed?.View ?? view.Signed, turn.Now, out var touched).WithoutQuarantine(id);
        next = next with { AliasMoves = next.AliasMoves.SetItems(plan.Moves.Select(m => KeyValuePair.Create(m.Alias, m))) };
        var change = new Change(next)
        {
            Touched = [id, .. touched],
            Described = plan.Entries.Any(e => e is AliasEntry),
            First = [new Row.File(value.Root, file), new Row.Computed(pair), .. plan.Moves.Select(m => new Row.Waits(m.Alias, m))],
            Document = signed,
            After = [new Row.StoredRead(value.Root, turn.Now)],
        };
        if (turn.Make(change) is { } failed)
        {
            TakeBack();
            return failed;
        }

        var image = next.Catalog.Images[id];
        events.Add(
            "image",
            known is { Deleted: false } ? $"{image.FileName}: the store's copy is whole again"
                : plan.Replaced is { } replaced ? $"{image.FileName} added in the place of {replaced.Id}, which was removed"
                : $"{image.FileName} added",
            id);
        return image;

        // In the place of a file that others rely on lie the same bytes now: that is left, and found to be right when it is read.
        void TakeBack()
        {
            if (view.Store.GetValueOrDefault(value.Root) is not (StoreFile.Present or StoreFile.Doubted))
            {
                takeBack();
            }
        }
    }

    /// <summary>Changes what people say about an image.</summary>
    public Outcome<CatalogImage> SetMeta(ImageId id, Func<MetaValue, MetaValue> change, string by)
    {
        using var turn = ledger.Take();
        if (ClockRefusal() is { } wrong)
        {
            return wrong;
        }

        if (turn.View.Catalog.Images.GetValueOrDefault(id) is not { Deleted: false } image)
        {
            return CatalogRules.NoSuch(id);
        }

        return Sign(
            turn,
            id,
            new MetaEntry(id, documents.NextStamp(RegisterKey.OfMeta(id)), by, null, change(image.Meta)),
            $"{image.FileName} described anew",
            described: next => !next.LooksLike(image));
    }

    /// <summary>Puts a tombstone. From now on the image is in no list; its file is retired once nobody holds it.</summary>
    public Outcome<CatalogImage> Delete(ImageId id, string by, string? why)
    {
        using var turn = ledger.Take();
        if (turn.View.Catalog.Images.GetValueOrDefault(id) is not { Deleted: false } image)
        {
            return CatalogRules.NoSuch(id);
        }

        if (image.Meta.Protected)
        {
            return CatalogRules.Protects(image);
        }

        return Sign(turn, id, new ImageEntry(id, documents.NextStamp(RegisterKey.OfImage(id)), by, why, true, Said(turn.View, image)), $"{image.FileName} removed", always: true);
    }

    /// <summary>Takes a tombstone back. The store moves the file in again, then the surfaces follow.</summary>
    public Outcome<CatalogImage> Restore(ImageId id, string by)
    {
        using var turn = ledger.Take();
        var view = turn.View;
        if (view.Catalog.Images.GetValueOrDefault(id) is not { } image)
        {
            return CatalogRules.NoSuch(id);
        }

        if (!image.Deleted)
        {
            return image;
        }

        if (view.FileOf(image) is not (StoreFile.Retired or StoreFile.Present or StoreFile.Doubted) && !view.Others.Values.Any(o => o.Holds(id)))
        {
            return new Refusal(
                RefusalCode.NotRestorable, $"The bytes of {image.FileName} are not kept any more.", id) { Remedy = "Add the file again: isocatalog add FILE." };
        }

        return CatalogRules.MayAdd(view, id, image.FileName) is { } refused
            ? refused
            : Sign(turn, id, new ImageEntry(id, documents.NextStamp(RegisterKey.OfImage(id)), by, null, false, Said(view, image)), $"{image.FileName} restored", always: true);
    }

    /// <summary>Takes back removals, recalls and descriptions that a site signed from a time on, in one document.</summary>
    /// <param name="only">Say what would be done, and do nothing.</param>
    public Outcome<TakingBack> TakeBack(string signer, DateTimeOffset since, string by, bool only)
    {
        using var turn = ledger.Take();
        var plan = TakingBack.Of(turn.View, documents.Snapshot.Site, signer, since, registers => documents.NextStamp(registers), by);
        if (plan.Entries.Count == 0)
        {
            return plan;
        }

        if (documents.Prepare(plan.Entries, out var signed, always: true) is { } unsigned)
        {
            return unsigned;
        }

        if (only)
        {
            return plan;
        }

        var before = turn.View;
        var next = before.WithCatalog(signed!.View, turn.Now, out var touched);
        if (turn.Make(new Change(next) { Touched = touched, Document = signed, Described = true }) is { } failed)
        {
            return failed;
        }

        events.Add("image", $"{plan.Entries.Count} changes of {signer} were taken back by {by}");
        return plan;
    }

    /// <summary>Recalls an image by its hash; it need not be here, or anywhere yet. It leaves every list at once; what holds a lease on it goes on.</summary>
    /// <returns>The recall that stands: an earlier one if it says the same, or nothing new is said.</returns>
    public Outcome<BlockEntry> Block(ImageId id, string by, string? why)
    {
        using var turn = ledger.Take();
        if (turn.View.Catalog.BlockOf(id) is { } standing && (why is null || why == standing.Why))
        {
            return standing;
        }

        return Recall(
            turn,
            new BlockEntry(id, documents.NextStamp(RegisterKey.OfBlock(id)), by, why, false),
            $"{turn.View.NameOf(id)} recalled{(why is { Length: > 0 } ? ": " + why : "")}");
    }

    /// <summary>Takes a recall back. An image that was not removed meanwhile is verified and offered again, from the copies that are still kept.</summary>
    public Outcome<BlockEntry> Unblock(ImageId id, string by)
    {
        using var turn = ledger.Take();
        var catalog = turn.View.Catalog;
        if (catalog.BlockOf(id) is null)
        {
            return new Refusal(RefusalCode.NotFound, $"{turn.View.NameOf(id)} is not recalled.", id) { Remedy = "'isocatalog ls --all' lists what is." };
        }

        if (catalog.Images.GetValueOrDefault(id) is { Deleted: false, Value.FileName: var name } && catalog.Names.TryGetValue(name, out var other) && other != id)
        {
            return new Refusal(
                RefusalCode.NameTaken,
                $"The name {name} was given to other bytes ({other}) while these were recalled.",
                other)
            {
                Remedy = $"Remove one of the two first: isocatalog rm {id}, or isocatalog rm {other}.",
            };
        }

        return Recall(turn, new BlockEntry(id, documents.NextStamp(RegisterKey.OfBlock(id)), by, null, true), $"the recall of {turn.View.NameOf(id)} was taken back");
    }

    /// <summary>What is wrong with the clock, if nothing new may be said by it now. What takes away, brings back or recalls is never stopped by a clock.</summary>
    private Refusal? ClockRefusal() => documents.Clock().Doubt is { } doubt ? new Refusal(RefusalCode.ClockImplausible, doubt) : null;

    private ImageValue Said(SiteView view, CatalogImage image) =>
        ImageOrigin.SaidBy(documents.Snapshot.Site, view.Signed.Registers.GetValueOrDefault(RegisterKey.OfImage(image.Id)), image.Value);

    /// <summary>A site that is nearly full takes an image rather than what it says of it by itself.</summary>
    private Refusal? Prepare(IReadOnlyList<Entry> entries, out PreparedWrite? signed)
    {
        signed = null;
        if (entries.Count == 0 || documents.Prepare(entries, out signed) is not { } unsigned)
        {
            return null;
        }

        List<Entry> said = [.. entries.Where(e => !e.Stamp.IsWeakest())];
        return said.Count == entries.Count || (said.Count > 0 && documents.Prepare(said, out signed) is not null) ? unsigned : null;
    }

    private Outcome<CatalogImage> Sign(in Turn turn, ImageId id, Entry entry, string news, Func<CatalogImage, bool>? described = null, bool always = false)
    {
        if (documents.Prepare([entry], out var signed, always) is { } unsigned)
        {
            return unsigned;
        }

        var next = turn.View.WithCatalog(signed!.View, turn.Now, out var touched);
        var image = next.Catalog.Images[id];
        if (turn.Make(new Change(next) { Touched = touched, Document = signed, Described = described?.Invoke(image) == true }) is { } failed)
        {
            return failed;
        }

        events.Add("image", news, id);
        return image;
    }

    private Outcome<BlockEntry> Recall(in Turn turn, BlockEntry entry, string news)
    {
        if (documents.Prepare([entry], out var signed, always: true) is { } unsigned)
        {
            return unsigned;
        }

        var next = turn.View.WithCatalog(signed!.View, turn.Now, out var touched);
        if (turn.Make(new Change(next) { Touched = touched, Document = signed }) is { } failed)
        {
            return failed;
        }

        events.Add("image", news, entry.Image, code: entry.Deleted ? null : ReasonCode.Blocked);
        return entry;
    }
}
