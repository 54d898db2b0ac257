using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>Everything a site knows at one moment; immutable, so that a request reads one state and never half of a change.</summary>
public sealed record SiteView
{
    /// <summary>Grows with every change.</summary>
    public long Version { get; init; }

    public CatalogView Catalog { get; init; } = CatalogView.Empty;

    public ImmutableDictionary<ImageId, StoreFile> Store { get; init; } = ImmutableDictionary<ImageId, StoreFile>.Empty;

    public ImmutableDictionary<CellKey, Cell> Cells { get; init; } = ImmutableDictionary<CellKey, Cell>.Empty;

    /// <summary>Images that all wanted surfaces had ready at once: from then on a failure of one withdraws there only.</summary>
    public ImmutableHashSet<ImageId> Offered { get; init; } = [];

    public ImmutableDictionary<string, Lease> Leases { get; init; } = ImmutableDictionary<string, Lease>.Empty;

    /// <summary>By name, in the order of the configuration.</summary>
    public ImmutableArray<SurfaceStatus> Surfaces { get; init; } = [];

    /// <summary>A view put together from what was stored.</summary>
    public static SiteView Of(
        CatalogView catalog,
        IEnumerable<KeyValuePair<ImageId, StoreFile>> store,
        IEnumerable<KeyValuePair<CellKey, Cell>> cells,
        IEnumerable<ImageId> offered,
        IEnumerable<Lease> leases,
        IEnumerable<SurfaceStatus> surfaces) => new()
    {
        Catalog = catalog,
        Store = store.ToImmutableDictionary(),
        Cells = cells.ToImmutableDictionary(),
        Offered = [.. offered],
        Leases = leases.ToImmutableDictionary(l => l.Id),
        Surfaces = [.. surfaces],
    };

    public Cell? CellOf(ImageId image, string surface) => Cells.GetValueOrDefault(new CellKey(image, surface));

    public bool IsLeased(ImageId image) => Leases.Values.Any(l => l.Image == image);

    public bool IsLeased(ImageId image, string surface) => Leases.Values.Any(l => l.Image == image && l.Surface == surface);

    /// <summary>Should it be on the surfaces of this site?</summary>
    public bool IsWanted(ImageId image) => Catalog.Images.TryGetValue(image, out var known) && known is { Deleted: false, Meta.Hidden: false };

    /// <summary>The promise: in the list is only what is wanted, whose cell is advertised, and about whose bytes there is no doubt.</summary>
    public bool IsAvailable(ImageId image, SurfaceStatus surface) =>
        IsWanted(image)
        && CellOf(image, surface.Name) is { State: CellState.Advertised }
        && surface.Problem is null
        && (!surface.ServesStoreInode || Store.GetValueOrDefault(image) is StoreFile.Present);
}

public readonly record struct CellKey(ImageId Image, string Surface);

/// <summary>A surface as a whole.</summary>
/// <param name="AnswerChanged">When the list of what it offers last changed.</param>
/// <param name="Problem">Why nothing is offered there now; null when it works.</param>
/// <param name="ProblemSince">From when on; after 15 minutes the other surfaces do not wait for it.</param>
public sealed record SurfaceStatus(
    string Name,
    string Kind,
    string Group,
    bool ServesStoreInode,
    DateTimeOffset AnswerChanged,
    string? ProblemCode = null,
    string? Problem = null,
    DateTimeOffset? ProblemSince = null);
