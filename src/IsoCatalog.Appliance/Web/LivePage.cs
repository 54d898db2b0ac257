using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Web;

/// <summary>Everything that one rendering of the page shows, taken at one moment.</summary>
/// <param name="Images">The rows of this page.</param>
/// <param name="Matching">Images that match the query, on all pages.</param>
/// <param name="Wanted">Images that should be available.</param>
/// <param name="ReadyEverywhere">Images that are, on every surface of every site.</param>
/// <param name="Names">File names of the images that drift and leases are about.</param>
/// <param name="SignedInAs">The token of a browser that signed in; null where none is needed.</param>
public sealed record LivePage(
    StatusView Status,
    PageQuery Query,
    IReadOnlyList<ImageView> Images,
    int Matching,
    int Wanted,
    int ReadyEverywhere,
    IReadOnlyList<LeaseView> Leases,
    IReadOnlyList<RetiredView> Retired,
    IReadOnlyDictionary<ImageId, string> Names,
    DateTimeOffset Now,
    string? SignedInAs)
{
    /// <summary>The recalls that stand, the newest first.</summary>
    public IReadOnlyList<BlockView> Recalls { get; init; } = [];

    /// <summary>Of a list that may be long, this many are in the page; the command line shows all.</summary>
    public const int Most = 50;

    /// <summary>Of what stands before the images, this much is seen at once; the rest is folded.</summary>
    public const int Seen = 5;

    /// <summary>Beyond this many sites those that are as they should be are folded.</summary>
    private const int MostSites = 9;

    /// <summary>How long after a start a site that was not heard yet is only awaited.</summary>
    private static readonly TimeSpan StartUp = TimeSpan.FromMinutes(1);

    public int Pages => Math.Max(1, (Matching + PageQuery.Rows - 1) / PageQuery.Rows);

    public Words Words { get; init; } = Words.English;

    /// <summary>Waits of which it is known that nothing moves any more, by image and site.</summary>
    public IReadOnlySet<(ImageId Image, string Site)> Stuck { get; init; } = new HashSet<(ImageId, string)>();

    /// <summary>What asks for somebody.</summary>
    public IReadOnlyList<DriftView> Drift => [.. Status.Drift.Where(d => !IsWait(d))];

    /// <summary>What has waited for long, and comes by itself once that is there which it waits for.</summary>
    public IReadOnlyList<DriftView> Waits => [.. Status.Drift.Where(IsWait)];

    public bool FoldsSites => Status.Sites.Count > MostSites;

    /// <summary>Not heard, and not only because this site has just been started.</summary>
    public bool IsMissing(SiteStanding site)
    {
        ArgumentNullException.ThrowIfNull(site);
        return site.State != "ok" && (site.State == "late" || Now - Status.Started >= StartUp);
    }

    public string NameOf(ImageId image) => Names.GetValueOrDefault(image) ?? Plain.Short(image);

    public string Ago(DateTimeOffset since) => Now - since < TimeSpan.FromSeconds(10) ? Words.JustNow : Words.Ago(Words.Span(Now - since));

    private bool IsWait(DriftView drift) => Waiting.Is(drift.Code) && !(drift is { Image: { } image, Site: { } site } && Stuck.Contains((image, site)));
}
