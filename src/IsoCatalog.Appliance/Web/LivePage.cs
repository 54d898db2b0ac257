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

    /// <summary>Of a list that may be long, this many are shown; the command line shows all.</summary>
    public const int Most = 50;

    /// <summary>Beyond this many surfaces a site is one column.</summary>
    private const int MostColumns = 12;

    public int Pages => Math.Max(1, (Matching + PageQuery.Rows - 1) / PageQuery.Rows);

    public bool IsCompact => Status.Sites.Sum(s => Math.Max(1, s.Surfaces.Count)) > MostColumns;

    public string NameOf(ImageId image) => Names.GetValueOrDefault(image) ?? Plain.Short(image);

    public string Ago(DateTimeOffset since) => Now - since < TimeSpan.FromSeconds(10) ? "just now" : Plain.Span(Now - since) + " ago";
}
