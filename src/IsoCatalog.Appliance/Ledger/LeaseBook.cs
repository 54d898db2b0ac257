using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>Who holds an image, and where. Thread-safe.</summary>
internal sealed class LeaseBook(SiteLedger ledger, EventLog events)
{
    /// <summary>The atomic check-and-hold: a lease exists only for an image that is in that surface's list at this moment.</summary>
    public Outcome<Lease> Add(Lease lease)
    {
        using var turn = ledger.Take();
        var view = turn.View;
        var surface = view.Surfaces.First(s => s.Name == lease.Surface);
        if (!view.Catalog.Images.ContainsKey(lease.Image))
        {
            return CatalogRules.NoSuch(lease.Image);
        }

        if (CatalogRules.Gone(view.Catalog, lease.Image.ToString()) is { } gone)
        {
            return gone;
        }

        if (!view.IsAvailableToSome(lease.Image, surface))
        {
            var cell = view.CellOf(lease.Image, surface.Name);
            var taken = cell is { State: CellState.Staged } ? TakenNames.Of(view).Why(lease.Image, surface) : null;
            return new Refusal(
                RefusalCode.NotReady,
                $"{view.NameOf(lease.Image)} is not available on {surface.Name}: "
                + (view.WhyUnwanted(lease.Image) ?? ReasonWords.Of(surface.HindranceCode ?? (taken is null ? cell?.Code : ReasonCode.WaitingForName)
                    ?? (cell is { State: CellState.Advertised } ? ReasonCode.StoreDamaged : ReasonCode.NotYetPublished))),
                lease.Image)
            {
                Remedy = surface.Hindrance ?? taken ?? cell?.Reason,
            };
        }

        if (Keep(turn, lease) is { } failed)
        {
            return failed;
        }

        events.Add("mount", $"leased to {lease.Client} on {lease.Surface}", lease.Image, lease.Surface);
        return lease;
    }

    public Outcome<Lease> Renew(string id, DateTimeOffset expires)
    {
        using var turn = ledger.Take();
        if (turn.View.Leases.GetValueOrDefault(id) is not { } lease)
        {
            return new Refusal(RefusalCode.NotFound, $"There is no lease {id}; it was ended, or it ran out. Ask for a new one.");
        }

        if (turn.View.Catalog.BlockOf(lease.Image) is not null)
        {
            return new Refusal(
                RefusalCode.Blocked,
                $"{turn.View.WhyUnwanted(lease.Image) ?? "The image is recalled."} The lease ends at {lease.Expires:yyyy-MM-dd HH:mm} UTC and is not renewed.",
                lease.Image);
        }

        var renewed = lease with { Expires = expires };
        return Keep(turn, renewed) is { } failed ? failed : renewed;
    }

    /// <returns>The lease that ended, or null if there was none.</returns>
    public Lease? End(string id, string why)
    {
        using var turn = ledger.Take();
        if (turn.View.Leases.GetValueOrDefault(id) is not { } lease)
        {
            return null;
        }

        turn.Make(new Change(turn.View with { Leases = turn.View.Leases.Remove(id) }) { After = [new Row.Held(id, null)] });
        events.Add("mount", $"lease of {lease.Client} on {lease.Surface} ended: {why}", lease.Image, lease.Surface);
        return lease;
    }

    /// <summary>An operator says that nobody holds an image any more that this site does not know of.</summary>
    /// <returns>False when no lease was forgotten.</returns>
    public Outcome<bool> SettleForgotten()
    {
        using var turn = ledger.Take();
        if (turn.View.LeasesForgottenSince is null)
        {
            return false;
        }

        var settled = new Change(turn.View with { LeasesForgottenSince = null })
        {
            First = [new Row.Fact(SiteDatabase.LeasesForgotten, SiteDatabase.ForgottenNothing)],
        };
        if (turn.Make(settled) is { } failed)
        {
            return failed;
        }

        events.Add("drift", "the lost database is settled: removed images are retired and evicted again");
        return true;
    }

    private static Refusal? Keep(in Turn turn, Lease lease) =>
        turn.Make(new Change(turn.View with { Leases = turn.View.Leases.SetItem(lease.Id, lease) }) { First = [new Row.Held(lease.Id, lease)] });
}
