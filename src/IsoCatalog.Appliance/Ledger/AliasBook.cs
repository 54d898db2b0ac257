using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>What came of a word about an alias.</summary>
/// <param name="Waiting">Kept until the image is ready everywhere; null when the alias points to it now.</param>
/// <param name="Replaced">What waited before, and does not any more.</param>
internal sealed record AliasChange(AliasMove? Waiting, AliasMove? Replaced);

/// <summary>Signed names that point to images, and move. Thread-safe.</summary>
internal sealed class AliasBook(SiteLedger ledger, FleetDocuments documents, EventLog events)
{
    private readonly string _site = documents.Snapshot.Site;

    /// <summary>Points the alias to the image: at once when that is ready everywhere, else as soon as it is. Replaces what was waited for before.</summary>
    /// <param name="keep">So many former targets stay in the catalog; null keeps all.</param>
    public Outcome<AliasChange> Set(string alias, ImageId image, int? keep, string by)
    {
        using var turn = ledger.Take();
        var (view, now) = (turn.View, turn.Now);
        if ((ClockRefusal() ?? CatalogRules.MayPointTo(view, image)) is { } refused)
        {
            return refused;
        }

        var waiting = view.AliasMoves.GetValueOrDefault(alias);
        var again = waiting is not null && waiting.Image == image && waiting.KeepVersions == keep;
        var move = again
            ? waiting!
            : new AliasMove(
                Guid.CreateVersion7().ToString("N"), alias, image, keep, by, DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds()), documents.NextStamp().Ms);
        var replaced = again ? null : waiting;
        var pointsThere = keep is null && view.Catalog.Aliases.TryGetValue(alias, out var target) && target == image;
        if (pointsThere || !AliasPlan.WaitsFor(view, _site, image, now).Any())
        {
            return Point(turn, move) is { } unsigned ? unsigned : new AliasChange(null, again ? waiting : replaced);
        }

        if (!again)
        {
            if (turn.Make(new Change(view with { AliasMoves = view.AliasMoves.SetItem(alias, move) }) { First = [new Row.Waits(alias, move)] }) is { } failed)
            {
                return failed;
            }

            events.Add("alias", $"{alias} moves to {view.NameOf(image)} once that is available everywhere", image);
        }

        return new AliasChange(move, replaced);
    }

    /// <summary>Takes the alias away, and what waits for it.</summary>
    /// <returns>What waited; null inside when nothing did.</returns>
    public Outcome<AliasChange> Remove(string alias, string by)
    {
        using var turn = ledger.Take();
        var view = turn.View;
        var waiting = view.AliasMoves.GetValueOrDefault(alias);
        var before = view.Catalog.AliasOf(alias) is { Deleted: false } live ? live : null;
        if (before is null && waiting is null)
        {
            return new Refusal(RefusalCode.NotFound, $"There is no alias '{alias}'.") { Remedy = "'isocatalog alias' lists what there is." };
        }

        PreparedWrite? signed = null;
        if (before is not null && documents.Prepare(
            [new AliasEntry(alias, before.Target, documents.NextStamp(RegisterKey.OfAlias(alias)), by, null, true) { Former = before.Former }], out signed, always: true) is { } unsigned)
        {
            return unsigned;
        }

        var next = view.WithCatalog(signed?.View ?? view.Signed, turn.Now, out var touched) with { AliasMoves = view.AliasMoves.Remove(alias) };
        Row gone = new Row.Waits(alias, null);
        var change = new Change(next)
        {
            Touched = before is null ? touched : [.. touched.Union([before.Target])],
            Described = true,
            Document = signed,

            // What is acknowledged by no document is acknowledged by its row.
            First = signed is null ? [gone] : [],
            After = signed is null ? [] : [gone],
        };
        if (turn.Make(change) is { } failed)
        {
            return failed;
        }

        events.Add("alias", before is null ? $"{alias} does not move any more" : $"{alias} removed", before?.Target ?? waiting?.Image);
        return new AliasChange(null, waiting);
    }

    /// <summary>Carries out a move that waits, if it is still wanted and the newest view lets it.</summary>
    /// <returns>What it came to; null when it was replaced or taken away meanwhile. A refusal leaves it waiting.</returns>
    public Outcome<AliasStep>? CarryOut(AliasMove move)
    {
        using var turn = ledger.Take();
        var view = turn.View;
        if (view.AliasMoves.GetValueOrDefault(move.Alias) != move)
        {
            return null;
        }

        var step = AliasPlan.Next(view, _site, move, turn.Now);
        switch (step)
        {
            case AliasStep.Move when (ClockRefusal() ?? Point(turn, move)) is { } refusal:
                return refusal;
            case AliasStep.GiveUp or AliasStep.Overtaken:
                var change = new Change(view with { AliasMoves = view.AliasMoves.Remove(move.Alias) }) { After = [new Row.Waits(move.Alias, null)] };
                if (turn.Make(change) is { } failed)
                {
                    return failed;
                }

                events.Add("alias", $"{move.Alias} does not move to {view.NameOf(move.Image)} any more", move.Image);
                break;
        }

        return step;
    }

    /// <summary>One document says where the alias points and what goes out of the catalog for it, so that no crash leaves one without the other.</summary>
    private Refusal? Point(in Turn turn, AliasMove move)
    {
        var view = turn.View;
        var before = view.Catalog.AliasOf(move.Alias);
        var former = AliasPlan.FormerOf(before, move.Image);
        var moves = before is not { Deleted: false } || before.Target != move.Image;
        var superseded = AliasPlan.Superseded(view, move.Alias, move.Image, former, move.KeepVersions);
        var stamp = documents.NextStamp(superseded.Select(i => RegisterKey.OfImage(i.Id)).Append(RegisterKey.OfAlias(move.Alias)));
        var entries = superseded.Select(Entry (i) =>
            new ImageEntry(i.Id, stamp, move.By, $"superseded: {move.Alias} points to {view.NameOf(move.Image)}", true, i.Value)).ToList();
        if (moves)
        {
            entries.Add(new AliasEntry(move.Alias, move.Image, stamp, move.By, null, false) { Former = former, Asked = move.Asked });
        }

        PreparedWrite? signed = null;
        if (entries.Count > 0 && documents.Prepare(entries, out signed) is { } unsigned)
        {
            return unsigned;
        }

        var next = view.WithCatalog(signed?.View ?? view.Signed, turn.Now, out var touched) with { AliasMoves = view.AliasMoves.Remove(move.Alias) };
        var change = new Change(next)
        {
            Touched = [.. touched.Union(TargetsOf(move.Alias, view.Catalog, next.Catalog))],
            Described = moves,
            Document = signed,

            // A move that is still there after a crash finds that it was carried out.
            After = [new Row.Waits(move.Alias, null)],
        };
        if (turn.Make(change) is { } failed)
        {
            return failed;
        }

        if (moves)
        {
            Tell(events, _site, move.Alias, next);
        }

        foreach (var image in superseded)
        {
            events.Add("image", $"{image.FileName} removed: {move.Alias} points to {next.NameOf(move.Image)} now", image.Id);
        }

        return null;
    }

    private Refusal? ClockRefusal() => documents.Clock().Doubt is { } doubt ? new Refusal(RefusalCode.ClockImplausible, doubt) : null;

    /// <summary>What the alias points to before and after.</summary>
    internal static IEnumerable<ImageId> TargetsOf(string alias, CatalogView before, CatalogView after) =>
        new[] { before, after }.Where(c => c.Aliases.ContainsKey(alias)).Select(c => c.Aliases[alias]).Distinct();

    internal static void Tell(EventLog events, string site, string alias, SiteView next)
    {
        var entry = next.Catalog.AliasOf(alias);
        var elsewhere = entry is null || entry.Stamp.Site == site ? "" : $", said at {entry.Stamp.Site}";
        events.Add(
            "alias", entry is { Deleted: false } ? $"{alias} points to {next.NameOf(entry.Target)} now{elsewhere}" : $"{alias} removed{elsewhere}", entry?.Target);
    }
}
