using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;

namespace IsoCatalog.Tests.Readiness;

/// <summary>A site with one image and two surfaces: <c>bmc</c>, which serves the store's inode, and <c>console</c>, which has copies.</summary>
internal static class SomeSite
{
    public static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly ImageId Image = SomeImages.Id(1);

    public static readonly Receipt Receipt = new(1, 2, 3, 4, 5, SomeImages.Value(1).Root);

    public static readonly StoreFile Present = new StoreFile.Present(Receipt);

    public static SiteView View { get; } = new()
    {
        Catalog = CatalogView.Empty.With(SomeImages.Put(1, 1)),
        Store = ImmutableDictionary<Sha256Digest, StoreFile>.Empty.Add(Receipt.Root, Present),
        Surfaces = [new SurfaceStatus("bmc", "ipmi", "ipmi", true, Now), new SurfaceStatus("console", "volume", "console", false, Now)],
    };

    public static SurfaceStatus Bmc(this SiteView view) => view.Surfaces[0];

    public static SurfaceStatus Console(this SiteView view) => view.Surfaces[1];

    public static SiteView WithCell(this SiteView view, string surface, CellState? state, Evidence? evidence = null) => state is { } s
        ? view with { Cells = view.Cells.SetItem(new CellKey(Image, surface), new Cell(s, Now, Evidence: evidence)) }
        : view;

    public static SiteView WithStore(this SiteView view, StoreFile? file) =>
        view with { Store = file is null ? view.Store.Remove(Receipt.Root) : view.Store.SetItem(Receipt.Root, file) };

    public static SiteView WithLease(this SiteView view, string surface) =>
        view with { Leases = view.Leases.SetItem("l", new Lease("l", Image, surface, "somebody", null, Now, Now.AddHours(1))) };

    public static SiteView Deleted(this SiteView view) => view with { Catalog = view.Catalog.With(SomeImages.Delete(1, 2)) };

    public static SiteView Hidden(this SiteView view) => view with
    {
        Catalog = view.Catalog.With(new MetaEntry(Image, new Stamp(2, 0, "ams"), "tests", null, new MetaValue { Hidden = true })),
    };

    public static SiteView WithProblem(this SiteView view, int surface, DateTimeOffset? since) => view with
    {
        Surfaces = view.Surfaces.SetItem(surface, view.Surfaces[surface] with { ProblemCode = "surface-missing", Problem = "gone", ProblemSince = since }),
    };
}
