using System.Net;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;

namespace IsoCatalog.Appliance.Mounts;

/// <summary>Gives, renews and ends leases. Thread-safe.</summary>
internal sealed class Leases(SiteLedger ledger, LeaseBook book, LeaseRoutes routes, IReadOnlyList<ISurface> surfaces, TimeProvider time)
{
    public const int DefaultTtl = 24 * 3600;
    public const int ShortestTtl = 60;
    public const int LongestTtl = 30 * 24 * 3600;

    public Outcome<LeaseView> Add(LeaseRequest request)
    {
        if (TtlRefusal(request.Ttl) is { } refusal)
        {
            return refusal;
        }

        // A member that is left out is null here, whatever its type says.
        if (string.IsNullOrEmpty(request.Image) || string.IsNullOrEmpty(request.Surface))
        {
            return new Refusal(RefusalCode.InvalidRequest, "A lease names an image (its id or its name) and one surface.");
        }

        if (surfaces.FirstOrDefault(s => s.Description.Name == request.Surface) is not { } surface)
        {
            return new Refusal(
                RefusalCode.UnknownSurface,
                $"There is no surface '{request.Surface}' here; a lease names one of {string.Join(", ", surfaces.Select(s => s.Description.Name))}.");
        }

        var urls = surface as ILeaseUrls;
        if (request.Client is not { Length: > 0 and <= 200 } || (urls is not null && !IPAddress.TryParse(request.Client, out _)))
        {
            return new Refusal(
                RefusalCode.InvalidRequest,
                "A lease names its client: for a BMC its IP address (its URL is bound to it), otherwise up to 200 characters of your choice.");
        }

        var catalog = ledger.View.Catalog;
        if (CatalogRules.Gone(catalog, request.Image) is { } gone)
        {
            return gone;
        }

        var image = catalog.Meant(request.Image)!;

        var now = Now();
        var lease = new Lease(
            Guid.CreateVersion7().ToString("N"),
            image.Id,
            request.Surface,
            request.Client,
            urls?.NewToken(),
            now,
            now.AddSeconds(request.Ttl ?? DefaultTtl));
        return book.Add(lease) switch
        {
            Outcome<Lease>.Done => Opened(lease),
            Outcome<Lease>.Refused refused => refused.Refusal,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    public Outcome<LeaseView> Renew(string id, int? ttl)
    {
        if (TtlRefusal(ttl) is { } refusal)
        {
            return refusal;
        }

        return book.Renew(id, Now().AddSeconds(ttl ?? DefaultTtl)) switch
        {
            Outcome<Lease>.Done done => View(done.Value),
            Outcome<Lease>.Refused refused => refused.Refusal,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    public LeaseView? Find(string id) => ledger.View.Leases.GetValueOrDefault(id) is { } lease ? View(lease) : null;

    public IReadOnlyList<LeaseView> All() => [.. ledger.View.Leases.Values.OrderBy(l => l.Created).Select(View)];

    public bool End(string id)
    {
        if (book.End(id, "released") is null)
        {
            return false;
        }

        routes.Apply();
        return true;
    }

    /// <summary>Ends all that hold an image: whoever mounted it reads nothing of it any more.</summary>
    /// <returns>How many there were.</returns>
    public int EndAll(ImageId image, string why)
    {
        var ended = ledger.View.Leases.Values.Count(l => l.Image == image && book.End(l.Id, why) is not null);
        routes.Apply();
        return ended;
    }

    /// <summary>Ends what ran out. By a clock that is doubted nothing does; one that only jumped is not what the site goes by.</summary>
    public void Expire()
    {
        if (ledger.Clock is { Doubt: not null, Jumped: false })
        {
            return;
        }

        var now = time.GetUtcNow();
        foreach (var lease in ledger.View.Leases.Values.Where(l => l.Expires <= now))
        {
            book.End(lease.Id, "ran out");
        }
    }

    /// <summary>To the millisecond, as it is kept: what a panel was told is what it finds after a restart.</summary>
    private DateTimeOffset Now() => DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());

    private Outcome<LeaseView> Opened(Lease lease)
    {
        if (routes.Open(lease) && routes.MountOf(lease) is { } mount)
        {
            return View(lease, mount);
        }

        book.End(lease.Id, "could not be opened");
        return new Refusal(
            RefusalCode.NotReady, $"The image became unavailable on {lease.Surface} at this moment. Ask for the list again.", lease.Image);
    }

    private LeaseView View(Lease lease) => View(lease, routes.MountOf(lease) ?? new SurfaceMount());

    private static LeaseView View(Lease lease, SurfaceMount mount) =>
        new(lease.Id, lease.Image, lease.Surface, lease.Client, lease.Created, lease.Expires, mount);

    private static Refusal? TtlRefusal(int? ttl) => ttl is < ShortestTtl or > LongestTtl
        ? new Refusal(RefusalCode.InvalidRequest, $"ttl is {ttl} s; it may be {ShortestTtl} s to {LongestTtl} s (30 days).")
        : null;
}
