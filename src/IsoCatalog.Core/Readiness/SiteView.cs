using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Readiness;

/// <summary>Everything a site knows at one moment; immutable, so that a request reads one state and never half of a change.</summary>
public sealed record SiteView
{
    private CatalogView? _signed;

    /// <summary>Grows with every change.</summary>
    public long Version { get; init; }

    /// <summary>As the signed documents give it, but for the bytes of an image that sites disagree about: there it is what this site goes by.</summary>
    public CatalogView Catalog { get; init; } = CatalogView.Empty;

    /// <summary>As the signed documents give it; the same at every site that has the same documents.</summary>
    public CatalogView Signed => _signed ?? Catalog;

    /// <summary>The site's own files, by the root of their bytes: one file, however many images are said to be it.</summary>
    public ImmutableDictionary<Sha256Digest, StoreFile> Store { get; init; } = ImmutableDictionary<Sha256Digest, StoreFile>.Empty;

    public ImmutableDictionary<CellKey, Cell> Cells { get; init; } = ImmutableDictionary<CellKey, Cell>.Empty;

    /// <summary>Images that all wanted surfaces had ready at once: from then on a failure of one withdraws there only.</summary>
    public ImmutableHashSet<ImageId> Offered { get; init; } = [];

    /// <summary>Whose flat SHA-256 and root this site computed itself.</summary>
    public ComputedPairs Computed { get; init; } = ComputedPairs.None;

    /// <summary>The other active sites of the fleet, by id.</summary>
    public ImmutableDictionary<string, OtherSite> Others { get; init; } =
        ImmutableDictionary.Create<string, OtherSite>(StringComparer.Ordinal);

    /// <summary>Images that were in a list, and are still wanted there, and are not in it.</summary>
    public ImmutableDictionary<CellKey, Missing> Missed { get; init; } = ImmutableDictionary<CellKey, Missing>.Empty;

    public ReadTimes ReadTimes { get; init; } = ReadTimes.None;

    public ImmutableDictionary<string, Lease> Leases { get; init; } = ImmutableDictionary<string, Lease>.Empty;

    /// <summary>Aliases that shall move once their image is ready everywhere, as they were asked for at this site; by name.</summary>
    public ImmutableDictionary<string, AliasMove> AliasMoves { get; init; } = ImmutableDictionary.Create<string, AliasMove>(StringComparer.Ordinal);

    /// <summary>Since when it is not known who holds what: the database was lost. Until an operator says that it is settled, every image counts as held.</summary>
    public DateTimeOffset? LeasesForgottenSince { get; init; }

    /// <summary>What was changed in the catalog, and what was said before.</summary>
    public CatalogHistory History { get; init; } = CatalogHistory.Empty;

    /// <summary>By name, in the order of the configuration.</summary>
    public ImmutableArray<SurfaceStatus> Surfaces { get; init; } = [];

    /// <summary>A view put together from what was stored.</summary>
    public static SiteView Of(
        IEnumerable<KeyValuePair<Sha256Digest, StoreFile>> store,
        IEnumerable<KeyValuePair<CellKey, Cell>> cells,
        IEnumerable<ImageId> offered,
        IEnumerable<ComputedPair> computed,
        IEnumerable<Lease> leases,
        IEnumerable<SurfaceStatus> surfaces) => new()
    {
        Store = store.ToImmutableDictionary(),
        Cells = cells.ToImmutableDictionary(),
        Offered = [.. offered],
        Computed = ComputedPairs.Of(computed),
        Leases = leases.ToImmutableDictionary(l => l.Id),
        Surfaces = [.. surfaces],
    };

    /// <summary>Did this site itself compute the flat SHA-256 of bytes that have the signed root, and was it the signed one?</summary>
    public bool IsConfirmed(ImageId image) => Catalog.Images.TryGetValue(image, out var known) && Computed.Verdict(known.Value) == true;

    /// <summary>What the site has of an image's bytes; null when it has nothing, or nobody knows the image.</summary>
    public StoreFile? FileOf(ImageId image) => Catalog.Images.TryGetValue(image, out var known) ? FileOf(known) : null;

    /// <summary>The same. Of an image whose hashes were found not to belong together nothing is here, whoever else's bytes have the root that it claims.</summary>
    public StoreFile? FileOf(CatalogImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Computed.Verdict(image.Value) != false ? Store.GetValueOrDefault(image.Value.Root)
            : image.Deleted ? null
            : new StoreFile.Lost(ReasonCode.Disputed, FalseWords(image), Computed.About(image.Value)!.At);
    }

    /// <summary>Every image whose bytes have that root, live or deleted, but for those that were found to claim it falsely. As long as one of them is live, the file
    /// stays where it is.</summary>
    public IEnumerable<CatalogImage> ImagesOf(Sha256Digest root) => Catalog.OfRoot(root).Where(i => Computed.Verdict(i.Value) != false);

    /// <summary>What people call it: by its name, or by its hash where no site ever named it.</summary>
    public string NameOf(ImageId image) => Catalog.Images.GetValueOrDefault(image)?.FileName ?? image.ToString();

    public Cell? CellOf(ImageId image, string surface) => Cells.GetValueOrDefault(new CellKey(image, surface));

    public bool IsLeased(ImageId image) => LeasesForgottenSince is not null || Leases.Values.Any(l => l.Image == image);

    public bool IsLeased(ImageId image, string surface) =>
        LeasesForgottenSince is not null || Leases.Values.Any(l => l.Image == image && l.Surface == surface);

    /// <summary>Whether a lease keeps what everybody sees there: not where a lease has a URL of its own, which is all that its holder needs.</summary>
    public bool IsHeldInSight(ImageId image, SurfaceStatus surface)
    {
        ArgumentNullException.ThrowIfNull(surface);
        return !surface.LeaseUrls && IsLeased(image, surface.Name);
    }

    /// <summary>In words why it should be on no surface of this site; null when it should be, or nobody knows it.</summary>
    public string? WhyUnwanted(ImageId image) => Catalog.Images.TryGetValue(image, out var known) ? Unwanted(known)?.Reason : null;

    /// <summary>Should it be on the surfaces of this site?</summary>
    public bool IsWanted(ImageId image) => Catalog.Images.TryGetValue(image, out var known) && Unwanted(known) is null;

    /// <summary>The promise: in the list is only what is wanted, whose cell is advertised, and about whose bytes there is no doubt.</summary>
    /// <param name="image">Which image.</param>
    /// <param name="surface">Where.</param>
    /// <param name="cluster">For the virtual machines of this cluster; null for whoever mounts from the surface, wherever.</param>
    public bool IsAvailable(ImageId image, SurfaceStatus surface, string? cluster = null) => surface.Serves(cluster) && IsShown(image, surface);

    /// <summary>The same for somebody at least, who knows which part of the surface it is mounted from.</summary>
    public bool IsAvailableToSome(ImageId image, SurfaceStatus surface) => surface.ServesSome && IsShown(image, surface);

    private bool IsShown(ImageId image, SurfaceStatus surface) =>
        IsWanted(image)
        && CellOf(image, surface.Name) is { State: CellState.Advertised }
        && (!SharesStore(image, surface) || FileOf(image) is StoreFile.Present);

    /// <summary>Whether what the surface shows is the store's own inode, as far as is known: where it could not be linked, there is a copy, which is in no doubt with it.</summary>
    public bool SharesStore(ImageId image, SurfaceStatus surface)
    {
        ArgumentNullException.ThrowIfNull(surface);
        return surface.ServesStoreInode
            && (CellOf(image, surface.Name)?.Evidence?.FileReceipt is not { } shown || FileOf(image)?.Held is not { } held || shown.Inode == held.Inode);
    }

    /// <summary>After a change: an image that left a list is missed there until it is back, however often it is tried meanwhile, or not wanted any more.</summary>
    /// <param name="image">Which image.</param>
    /// <param name="surface">As it is after the change.</param>
    /// <param name="was">It was in the list before the change.</param>
    /// <param name="now">The clock.</param>
    public SiteView WithMissed(ImageId image, SurfaceStatus surface, bool was, DateTimeOffset now)
    {
        var key = new CellKey(image, surface.Name);
        var cell = Cells.GetValueOrDefault(key);
        return IsAvailable(image, surface) || !IsWanted(image) ? this with { Missed = Missed.Remove(key) }
            : was ? this with { Missed = Missed.SetItem(key, new Missing(now, cell?.Code, cell?.Reason)) }
            : cell is { State: CellState.Withdrawn or CellState.Absent or CellState.Quarantined, Code: { } code } && Missed.TryGetValue(key, out var missing)
                ? this with { Missed = Missed.SetItem(key, missing with { Code = code, Reason = cell.Reason }) }
            : this;
    }

    /// <summary>The view under another state of the catalog: what is not wanted any more, or has another name now, leaves the lists.</summary>
    /// <param name="catalog">The catalog as it is from now on.</param>
    /// <param name="now">The clock.</param>
    /// <param name="touched">The images of which the catalog says something else than before.</param>
    public SiteView WithCatalog(CatalogView catalog, DateTimeOffset now, out IReadOnlyList<ImageId> touched)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var judged = ImageClaims.Judged(catalog, this);
        var changed = judged.Images.Values
            .Where(i => !ReferenceEquals(Signed.Images.GetValueOrDefault(i.Id), catalog.Images[i.Id]) || !ReferenceEquals(Catalog.Images.GetValueOrDefault(i.Id)?.Value, i.Value))
            .ToList();
        var gone = Catalog.Images.Keys.Where(i => !catalog.Images.ContainsKey(i)).ToList();
        touched = [.. changed.Select(i => i.Id), .. gone];
        var next = changed.Aggregate(this with { Catalog = judged, _signed = catalog }, (view, image) =>
            (Catalog.Images.TryGetValue(image.Id, out var before) && before.Value.Root != image.Value.Root ? view.WithOtherBytes(image.Id, now) : view).With(image, now));
        return gone.Aggregate(next, (view, image) => view.WithdrawnEverywhere(
            image, CellState.Withdrawn, ReasonCode.Removed, "The site that added the image does not count any more.", now) with
        {
            Offered = view.Offered.Remove(image),
        });
    }

    /// <summary>The view after this site computed a pair: what was said otherwise about its bytes, or its SHA-256, is false from now on.</summary>
    public SiteView WithComputed(ComputedPair pair, DateTimeOffset now, out IReadOnlyList<ImageId> touched)
    {
        var next = (this with { Computed = Computed.With(pair) }).WithCatalog(Signed, now, out touched);
        var about = next.Catalog.Images.Values.Where(i => i.Id == pair.Image || i.Value.Root == pair.Root).ToList();
        touched = [.. touched.Union(about.Select(i => i.Id))];
        return about.Aggregate(next, (view, image) => view.With(image, now));
    }

    /// <summary>What the catalog says of an image has changed, or what is known of it.</summary>
    private SiteView With(CatalogImage image, DateTimeOffset now)
    {
        if (!image.Deleted && Computed.Verdict(image.Value) == false)
        {
            return WithdrawnEverywhere(image.Id, CellState.Quarantined, ReasonCode.Disputed, FalseWords(image), now);
        }

        var view = Surfaces.Any(s => CellOf(image.Id, s.Name) is { State: CellState.Quarantined, Code: ReasonCode.Disputed }) ? WithoutQuarantine(image.Id) : this;
        return (Surfaces.Any(s => CellOf(image.Id, s.Name)?.Evidence is { } shown && shown.Root != image.Value.Root) ? view.WithOtherBytes(image.Id, now) : view)
            .Following(image, now);
    }

    /// <summary>What surfaces have is of other bytes than the image is said to be now.</summary>
    private SiteView WithOtherBytes(ImageId image, DateTimeOffset now) => WithdrawnEverywhere(
        image, CellState.Withdrawn, ReasonCode.Disputed, "Its bytes were found to be another image's; the right ones are fetched.", now);

    private string FalseWords(CatalogImage image) =>
        ImageClaims.FalseOf(this, image).FirstOrDefault()?.Words ?? "Its SHA-256 and its root do not belong together.";

    private SiteView Following(CatalogImage image, DateTimeOffset now)
    {
        if (Unwanted(image) is { } why)
        {
            var view = WithdrawnEverywhere(image.Id, CellState.Withdrawn, why.Code, why.Reason, now);
            return image.IsVisible ? view : view with { Offered = view.Offered.Remove(image.Id) };
        }

        return Surfaces.Select(s => new CellKey(image.Id, s.Name)).Aggregate(this, (view, key) =>
            view.Cells.GetValueOrDefault(key) is { FileName: { } shown } && shown != image.FileName
                ? view.Withdrawn(
                    key, CellState.Withdrawn, ReasonCode.Renamed, $"It is called {image.FileName} now, and was shown as {shown}; it comes back under the new name.", now)
                : view);
    }

    /// <summary>Why an image should be on no surface of this site; null when it should be.</summary>
    private (string Code, string Reason)? Unwanted(CatalogImage image) =>
        image.Deleted ? (ReasonCode.Removed, "The image was removed.")
        : image.Blocked ? (ReasonCode.Blocked, $"The image is recalled{(image.BlockedWhy is { Length: > 0 } why ? ": " + why : ".")}")
        : image.Meta.Hidden ? (ReasonCode.Hidden, "The image is hidden.")
        : image.Disputed && Computed.Verdict(image.Value) is null
            ? (ReasonCode.Disputed, "Sites disagree which bytes this image is; it is offered once both hashes were computed here and agree.")
        : null;

    /// <summary>Every surface that reads the store's own inode loses the image.</summary>
    public SiteView WithdrawnWhereShared(ImageId image, string code, string reason, DateTimeOffset now) =>
        Surfaces.Where(s => SharesStore(image, s)).Aggregate(
            this, (view, s) => view.Withdrawn(new CellKey(image, s.Name), CellState.Withdrawn, code, reason, now));

    public SiteView WithdrawnEverywhere(ImageId image, CellState state, string code, string reason, DateTimeOffset now) =>
        Surfaces.Aggregate(this, (view, s) => view.Withdrawn(new CellKey(image, s.Name), state, code, reason, now));

    /// <summary>With a whole copy again, quarantined cells start anew; what is still visible of them is taken out of sight first.</summary>
    public SiteView WithoutQuarantine(ImageId image) => Surfaces.Aggregate(this, (view, s) =>
    {
        var key = new CellKey(image, s.Name);
        return view.Cells.GetValueOrDefault(key) is not { State: CellState.Quarantined } cell ? view
            : view with
            {
                Cells = cell.Evidence is null
                    ? view.Cells.Remove(key)
                    : view.Cells.SetItem(key, cell with { State = CellState.Withdrawn }),
            };
    });

    private SiteView Withdrawn(CellKey key, CellState state, string code, string reason, DateTimeOffset now)
    {
        var cell = Cells.GetValueOrDefault(key);
        if (cell is null && state != CellState.Quarantined)
        {
            return this;
        }

        cell ??= new Cell(state, now);
        return cell.State == state && cell.Code == code
            ? this
            : this with
            {
                Cells = Cells.SetItem(key, cell with { State = state, Since = now, Code = code, Reason = reason, Progress = null }),
            };
    }
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
    DateTimeOffset? ProblemSince = null)
{
    /// <summary>Each lease there has a URL of its own.</summary>
    public bool LeaseUrls { get; init; }

    /// <summary>Its clients see files: one that is in doubt stays where it is until it was read.</summary>
    public bool ShowsFiles { get; init; }

    /// <summary>The parts that can be ready by themselves; empty where the surface is one place.</summary>
    public ImmutableArray<DataCenter> DataCenters { get; init; } = [];

    /// <summary>Why images that are shown are not in the list for everybody; null when they are.</summary>
    public string? Hindrance => Problem
        ?? (DataCenters.FirstOrDefault(d => !d.Ready) is { } not ? $"The ISO domain is {not.Status} in the data center {not.Name}; ask for the clusters of others." : null);

    /// <summary>The code of <see cref="Hindrance"/>.</summary>
    public string? HindranceCode => ProblemCode ?? (Hindrance is null ? null : ReasonCode.DomainInactive);

    /// <summary>Whether the place as a whole can be mounted from: by the machines of the cluster, or by everybody.</summary>
    public bool Serves(string? cluster) => Problem is null
        && (cluster is null ? DataCenters.All(d => d.Ready) : DataCenters.Any(d => d.Ready && d.Has(cluster)));

    public bool ServesSome => Problem is null && (DataCenters.IsEmpty || DataCenters.Any(d => d.Ready));
}
