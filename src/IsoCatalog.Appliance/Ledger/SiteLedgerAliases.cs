using IsoCatalog.Appliance.Documents;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>What came of a word about an alias.</summary>
/// <param name="Waiting">Kept until the image is ready everywhere; null when the alias points to it now.</param>
/// <param name="Replaced">What waited before, and does not any more.</param>
internal sealed record AliasChange(AliasMove? Waiting, AliasMove? Replaced);

/// <content>Signed names that point to images, and move.</content>
internal sealed partial class SiteLedger
{
    /// <summary>Points the alias to the image: at once when that is ready everywhere, else as soon as it is. Replaces what was waited for before.</summary>
    /// <param name="keep">So many former targets stay in the catalog; null keeps all.</param>
    public Outcome<AliasChange> SetAlias(string alias, ImageId image, int? keep, string by)
    {
        lock (_gate)
        {
            var (view, now) = (_view, _time.GetUtcNow());
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            if (CatalogRules.MayPointTo(view, image) is { } refused)
            {
                return refused;
            }

            var waiting = view.AliasMoves.GetValueOrDefault(alias);
            var again = waiting is not null && waiting.Image == image && waiting.KeepVersions == keep;
            var move = again
                ? waiting!
                : new AliasMove(Guid.CreateVersion7().ToString("N"), alias, image, keep, by, DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()), _documents.NextStamp().Ms);
            var replaced = again ? null : waiting;
            var pointsThere = keep is null && view.Catalog.Aliases.TryGetValue(alias, out var target) && target == image;
            if (pointsThere || !AliasPlan.WaitsFor(view, Fleet.Site, image, now).Any())
            {
                return Point_NeedsLock(move) is { } unsigned ? unsigned : new AliasChange(null, again ? waiting : replaced);
            }

            if (!again)
            {
                Accept_NeedsLock(view with { AliasMoves = view.AliasMoves.SetItem(alias, move) }, [], () => _database.SaveAliasMove(move));
                _events.Add("alias", $"{alias} moves to {NameOf(view, image)} once that is available everywhere", image);
            }

            return new AliasChange(move, replaced);
        }
    }

    /// <summary>Takes the alias away, and what waits for it.</summary>
    /// <returns>What waited; null inside when nothing did.</returns>
    public Outcome<AliasChange> RemoveAlias(string alias, string by)
    {
        lock (_gate)
        {
            var view = _view;
            if (ClockRefusal_NeedsLock() is { } refusal)
            {
                return refusal;
            }

            var waiting = view.AliasMoves.GetValueOrDefault(alias);
            var before = view.Catalog.AliasOf(alias) is { Deleted: false } live ? live : null;
            if (before is null && waiting is null)
            {
                return new Refusal(RefusalCode.NotFound, $"There is no alias '{alias}'. 'isocatalog alias' lists what there is.");
            }

            PreparedWrite? signed = null;
            if (before is not null && Prepare_NeedsLock(
                [new AliasEntry(alias, before.Target, _documents.NextStamp(), by, null, true) { Former = before.Former }], out signed) is { } unsigned)
            {
                return unsigned;
            }

            var next = view.WithCatalog(signed?.View ?? view.Signed, _time.GetUtcNow(), out var touched) with { AliasMoves = view.AliasMoves.Remove(alias) };
            Accept_NeedsLock(
                next,
                before is null ? [.. touched] : [.. touched.Union([before.Target])],
                () =>
                {
                    Commit_NeedsLock(signed);
                    _database.DeleteAliasMove(alias);
                },
                metadata: true);
            _events.Add("alias", before is null ? $"{alias} does not move any more" : $"{alias} removed", before?.Target ?? waiting?.Image);
            return new AliasChange(null, waiting);
        }
    }

    /// <summary>Carries out a move that waits, if it is still wanted and the newest view lets it.</summary>
    /// <returns>What it came to; null when it was replaced or taken away meanwhile. A refusal leaves it waiting.</returns>
    public Outcome<AliasStep>? CarryOut(AliasMove move)
    {
        lock (_gate)
        {
            var view = _view;
            if (view.AliasMoves.GetValueOrDefault(move.Alias) != move)
            {
                return null;
            }

            var step = AliasPlan.Next(view, Fleet.Site, move, _time.GetUtcNow());
            switch (step)
            {
                case AliasStep.Move when ClockRefusal_NeedsLock() is { } refusal:
                    return refusal;
                case AliasStep.Move when Point_NeedsLock(move) is { } unsigned:
                    return unsigned;
                case AliasStep.GiveUp or AliasStep.Overtaken:
                    Accept_NeedsLock(view with { AliasMoves = view.AliasMoves.Remove(move.Alias) }, [], () => _database.DeleteAliasMove(move.Alias));
                    _events.Add("alias", $"{move.Alias} does not move to {NameOf(view, move.Image)} any more", move.Image);
                    break;
            }

            return step;
        }
    }

    /// <summary>One document says where the alias points and what goes out of the catalog for it, so that no crash leaves one without the other.</summary>
    private Refusal? Point_NeedsLock(AliasMove move)
    {
        var (view, stamp) = (_view, _documents.NextStamp());
        var before = view.Catalog.AliasOf(move.Alias);
        var former = AliasPlan.FormerOf(before, move.Image);
        var moves = before is not { Deleted: false } || before.Target != move.Image;
        var superseded = AliasPlan.Superseded(view, move.Alias, move.Image, former, move.KeepVersions);
        var entries = superseded.Select(Entry (i) =>
            new ImageEntry(i.Id, stamp, move.By, $"superseded: {move.Alias} points to {NameOf(view, move.Image)}", true, i.Value)).ToList();
        if (moves)
        {
            entries.Add(new AliasEntry(move.Alias, move.Image, stamp, move.By, null, false) { Former = former, Asked = move.Asked });
        }

        PreparedWrite? signed = null;
        if (entries.Count > 0 && Prepare_NeedsLock(entries, out signed) is { } unsigned)
        {
            return unsigned;
        }

        var next = view.WithCatalog(signed?.View ?? view.Signed, _time.GetUtcNow(), out var touched) with { AliasMoves = view.AliasMoves.Remove(move.Alias) };
        Accept_NeedsLock(
            next,
            [.. touched.Union(TargetsOf(move.Alias, view.Catalog, next.Catalog))],
            () =>
            {
                // The signed document is the acknowledgement; a move that is still there after a crash finds that it was carried out.
                Commit_NeedsLock(signed);
                _database.InTransaction(() =>
                {
                    _database.DeleteAliasMove(move.Alias);
                    foreach (var image in superseded)
                    {
                        _database.SaveOffered(image.Id, false);
                    }

                    SaveCells(view, next, touched);
                });
            },
            metadata: moves);
        if (moves)
        {
            Tell(move.Alias, next);
        }

        foreach (var image in superseded)
        {
            _events.Add("image", $"{image.FileName} removed: {move.Alias} points to {NameOf(next, move.Image)} now", image.Id);
        }

        return null;
    }

    private static IEnumerable<ImageId> TargetsOf(string alias, CatalogView before, CatalogView after) =>
        new[] { before, after }.Where(c => c.Aliases.ContainsKey(alias)).Select(c => c.Aliases[alias]).Distinct();

    private void Tell(string alias, SiteView next)
    {
        var entry = next.Catalog.AliasOf(alias);
        var elsewhere = entry is null || entry.Stamp.Site == Fleet.Site ? "" : $", said at {entry.Stamp.Site}";
        _events.Add(
            "alias", entry is { Deleted: false } ? $"{alias} points to {NameOf(next, entry.Target)} now{elsewhere}" : $"{alias} removed{elsewhere}", entry?.Target);
    }
}
