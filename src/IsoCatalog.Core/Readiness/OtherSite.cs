using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Readiness;

/// <summary>Another active site of the fleet, as its newest signed holdings show it here.</summary>
/// <param name="Heard">When the newest holdings came in, by this site's clock; before any did, when this site began to wait for them.</param>
public sealed record OtherSite(string Site, DateTimeOffset Heard)
{
    /// <summary>Older than this, holdings answer nothing.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(60);

    /// <summary>Which holdings these are: the SHA-256 of their payload.</summary>
    public Sha256Digest? Said { get; init; }

    /// <summary>Null until the first holdings came in.</summary>
    public ImmutableArray<OtherSurface>? Surfaces { get; init; }

    public ImmutableDictionary<CellKey, Cell> Cells { get; init; } = ImmutableDictionary<CellKey, Cell>.Empty;

    /// <summary>What that site has verified in its own store.</summary>
    public ImmutableHashSet<ImageId> Stored { get; init; } = [];

    /// <summary>What was removed and is still kept there.</summary>
    public ImmutableHashSet<ImageId> Kept { get; init; } = [];

    /// <summary>Images that it began to show, after all wanted sites had them ready.</summary>
    public ImmutableHashSet<ImageId> Offered { get; init; } = [];

    public ImmutableHashSet<ImageId> Confirmed { get; init; } = [];

    /// <summary>What is not complete there, and how far it has come. In memory only: after a start of this site every wait begins anew.</summary>
    public ImmutableDictionary<ImageId, Advance> Incomplete { get; init; } = ImmutableDictionary<ImageId, Advance>.Empty;

    /// <summary>May be asked about: its answer is young enough.</summary>
    public bool IsFresh(DateTimeOffset now) => Surfaces is not null && (now - Heard).Duration() < Fresh;

    /// <summary>Out of reach for so long that nobody waits for it.</summary>
    public bool IsGivenUp(DateTimeOffset now) => now - Heard >= CellPlan.Patience;

    /// <summary>It answers, and has come no further with the image for so long that nobody waits for it.</summary>
    public bool IsStuck(ImageId image, DateTimeOffset now) => Incomplete.TryGetValue(image, out var advance) && now - advance.Moved >= CellPlan.Patience;

    /// <summary>The image is to be shown nowhere yet because of this site.</summary>
    public bool HoldsBack(ImageId image, DateTimeOffset now) => !IsGivenUp(now) && !IsReady(image, now) && !IsStuck(image, now);

    /// <summary>Has the bytes, in its store or among what it can restore.</summary>
    public bool Holds(ImageId image) => Stored.Contains(image) || Kept.Contains(image);

    public Cell? CellOf(ImageId image, string surface) => Cells.GetValueOrDefault(new CellKey(image, surface));

    /// <summary>Ready on all its surfaces but those that have been unusable for long.</summary>
    public bool IsReady(ImageId image, DateTimeOffset now) =>
        Offered.Contains(image)
        || (Surfaces is { } surfaces && surfaces.All(s => IsOn(s, image) || (s.ProblemSince is { } since && now - since >= CellPlan.Patience)));

    /// <summary>Ready on all its surfaces, or once was. A site can be ready without it, when nobody waits for a surface of it any more.</summary>
    public bool IsComplete(ImageId image) => Offered.Contains(image) || (Surfaces is { } surfaces && surfaces.All(s => IsOn(s, image)));

    public bool IsAvailable(ImageId image, OtherSurface surface) =>
        surface.ProblemSince is null && CellOf(image, surface.Name) is { State: CellState.Advertised };

    private bool IsOn(OtherSurface surface, ImageId image) => CellOf(image, surface.Name) is { State: CellState.Staged or CellState.Advertised };
}

/// <param name="ProblemSince">From when on nothing is offered there; null while it works.</param>
/// <param name="Problem">Why, machine-readable.</param>
public sealed record OtherSurface(string Name, string Kind, string Group, DateTimeOffset? ProblemSince = null, string? Problem = null);
