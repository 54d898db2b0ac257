using IsoCatalog.Appliance.Documents;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// One change of what the site knows, decided and not yet made. It is made in one order: the rows that it relies on, the signed document, the view, the rows that
/// follow. What fails before the document leaves everything as it was; what fails after it is caught up with.
/// </summary>
/// <param name="Next">What the site knows then.</param>
internal sealed record Change(SiteView Next)
{
    /// <summary>The images whose cells, or whose place in a list, may be others now.</summary>
    public IReadOnlyCollection<ImageId> Touched { get; init; } = [];

    /// <summary>The lists that they are in say something else of them.</summary>
    public bool Described { get; init; }

    /// <summary>What must be there before anything relies on it: the receipt of an add, a lease, a move that waits.</summary>
    public IReadOnlyList<Row> First { get; init; } = [];

    /// <summary>What others are told; it counts from the moment that it is on the disk.</summary>
    public PreparedWrite? Document { get; init; }

    /// <summary>What only follows, beside the cells and offers of the touched images, which are found by comparing.</summary>
    public IReadOnlyList<Row> After { get; init; } = [];
}
