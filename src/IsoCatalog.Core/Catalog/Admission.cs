using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>What became of an offered document.</summary>
/// <param name="Catalog">The state afterwards.</param>
public abstract record Admission(FleetCatalog Catalog)
{
    /// <param name="Forks">Proof, if the document shows that its site signed two histories.</param>
    public sealed record Admitted(FleetCatalog Catalog, AdmittedDocument Document, IReadOnlyList<ForkEvidence> Forks) : Admission(Catalog);

    /// <summary>Nothing new: it is there already, or newer ones of the site say all that it says.</summary>
    public sealed record Known(FleetCatalog Catalog) : Admission(Catalog);

    public sealed record Pending(FleetCatalog Catalog, PendingDocument Document) : Admission(Catalog)
    {
        public PendingReason Reason => Document.Reason;
    }

    /// <summary>Not under this trust document; after a trust change it may be offered again.</summary>
    public sealed record Refused(FleetCatalog Catalog, RuleViolation Violation) : Admission(Catalog);
}
