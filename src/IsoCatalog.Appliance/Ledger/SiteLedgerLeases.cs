using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <content>Who holds an image, and where.</content>
internal sealed partial class SiteLedger
{
    /// <summary>The atomic check-and-hold: a lease exists only for an image that is in that surface's list at this moment.</summary>
    public Outcome<Lease> AddLease(Lease lease)
    {
        lock (_gate)
        {
            var view = _view;
            var surface = view.Surfaces.First(s => s.Name == lease.Surface);
            if (!view.Catalog.Images.ContainsKey(lease.Image))
            {
                return NotFound(lease.Image);
            }

            if (!view.IsAvailableToSome(lease.Image, surface))
            {
                var cell = view.CellOf(lease.Image, surface.Name);
                return new Refusal(
                    RefusalCode.NotReady,
                    $"The image is not available on {surface.Name}: {surface.Hindrance ?? cell?.Reason ?? view.WhyUnwanted(lease.Image) ?? "it is not published there yet."}",
                    lease.Image);
            }

            Accept_NeedsLock(view with { Leases = view.Leases.SetItem(lease.Id, lease) }, [], () => _database.SaveLease(lease));
            _events.Add("mount", $"leased to {lease.Client} on {lease.Surface}", lease.Image, lease.Surface);
            return lease;
        }
    }

    public Outcome<Lease> RenewLease(string id, DateTimeOffset expires)
    {
        lock (_gate)
        {
            if (_view.Leases.GetValueOrDefault(id) is not { } lease)
            {
                return new Refusal(RefusalCode.NotFound, $"There is no lease {id}; it was ended, or it ran out. Ask for a new one.");
            }

            if (_view.Catalog.BlockOf(lease.Image) is not null)
            {
                return new Refusal(
                    RefusalCode.Blocked,
                    $"{_view.WhyUnwanted(lease.Image) ?? "The image is recalled."} The lease ends at {lease.Expires:yyyy-MM-dd HH:mm} UTC and is not renewed.",
                    lease.Image);
            }

            var renewed = lease with { Expires = expires };
            Accept_NeedsLock(_view with { Leases = _view.Leases.SetItem(id, renewed) }, [], () => _database.SaveLease(renewed));
            return renewed;
        }
    }

    /// <returns>The lease that ended, or null if there was none.</returns>
    public Lease? EndLease(string id, string why)
    {
        lock (_gate)
        {
            if (_view.Leases.GetValueOrDefault(id) is not { } lease)
            {
                return null;
            }

            Accept_NeedsLock(_view with { Leases = _view.Leases.Remove(id) }, [], () => _database.DeleteLease(id));
            _events.Add("mount", $"lease of {lease.Client} on {lease.Surface} ended: {why}", lease.Image, lease.Surface);
            return lease;
        }
    }

    /// <summary>An operator says that nobody holds an image any more that this site does not know of.</summary>
    /// <returns>False when no lease was forgotten.</returns>
    public bool SettleForgottenLeases()
    {
        lock (_gate)
        {
            if (_view.LeasesForgottenSince is null)
            {
                return false;
            }

            Accept_NeedsLock(
                _view with { LeasesForgottenSince = null },
                [],
                () => _database.SaveFact(SiteDatabase.LeasesForgotten, SiteDatabase.ForgottenNothing));
            _events.Add("drift", "the lost database is settled: removed images are retired and evicted again");
            return true;
        }
    }

    /// <summary>A database that is new while there is a signed catalog was lost; one that is new with an empty catalog is a new site.</summary>
    private DateTimeOffset? LeasesForgottenSince(CatalogView catalog)
    {
        switch (Facts.GetValueOrDefault(SiteDatabase.LeasesForgotten, SiteDatabase.ForgottenNothing))
        {
            case SiteDatabase.ForgottenNothing:
                return null;
            case SiteDatabase.ForgottenNew when catalog.Images.IsEmpty:
                _database.SaveFact(SiteDatabase.LeasesForgotten, SiteDatabase.ForgottenNothing);
                return null;
            case SiteDatabase.ForgottenNew:
                var now = Ms(_time.GetUtcNow());
                _database.SaveFact(SiteDatabase.LeasesForgotten, now);
                Log.DatabaseLost(_log);
                return Time(now);
            case var since:
                return Time(since);
        }
    }
}
